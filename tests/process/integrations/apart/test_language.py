"""DSPy and the pipelines of transformers: small programs and models answer for real."""

import json
from pathlib import Path

import pytest

import wandb


def tables(recorded) -> dict[str, list]:
    """Return the rows of each table that was logged."""
    return {
        one["logName"]: json.loads(one["data"])["table"] for one in recorded.all("data") if one["dataType"] == "TABLE"
    }


def test_an_evaluation_of_dspy(read) -> None:
    """Score, predictions, the evaluator's settings, and the program as an artifact."""
    dspy = pytest.importorskip("dspy", exc_type=ImportError)
    from dspy.utils import DummyLM

    from wandb.integration.dspy import WandbDSPyCallback

    run = wandb.init(mode="offline")
    callback = WandbDSPyCallback()
    model = DummyLM([{"answer": "4"}, {"answer": "5"}])
    examples = [
        dspy.Example(question=question, answer=answer).with_inputs("question")
        for question, answer in (("2+2", "4"), ("2+3", "6"))
    ]
    program = dspy.Predict("question -> answer")
    with dspy.context(lm=model, callbacks=[callback]):
        evaluate = dspy.Evaluate(
            devset=examples, metric=lambda wanted, given, trace=None: wanted.answer == given.answer, num_threads=1
        )
        assert evaluate(program).score == 50
    callback.log_best_model(program)
    callback.log_best_model(program, save_program=False, artifact_name="state")
    run.finish()
    found = read(run)
    assert [row for _, row in found.rows()] == [{"score": 50.0}]
    assert [row[0] for row in tables(found)["predictions_0"]] == ["2+2", "2+3"]
    assert run.config["num_threads"] == 1
    assert {one["name"] for one in found.all("artifact")} == {f"dspy-program-{run.id}", f"state-{run.id}"}


def test_a_pipeline_of_transformers(read) -> None:
    """Each call is a table with a row for each input; `autolog.disable` finishes the run that `autolog` has begun."""
    transformers = pytest.importorskip("transformers", exc_type=ImportError)
    from wandb.integration.huggingface import autolog

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad"]
    Path("vocab.txt").write_text("\n".join(words), encoding="utf-8")
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    ask = transformers.pipeline(
        "text-classification",
        model=transformers.BertForSequenceClassification(config),
        tokenizer=transformers.BertTokenizerFast("vocab.txt"),
        device="cpu",
    )
    autolog(init={"mode": "offline", "project": "demo"})
    run = wandb.run
    ask("good")
    ask(["bad", "good"], top_k=1)
    autolog.disable()
    ask("not logged")
    assert wandb.run is None
    found = [json.loads(one["data"])["table"] for one in read(run).all("data") if one["dataType"] == "TABLE"]
    assert [[row[3] for row in table] for table in found] == [["good"], ["bad", "good"]]
    assert all("LABEL_" in row[4] for table in found for row in table)
    assert json.loads(found[1][0][5]) == {"top_k": 1}
