"""LangChain: a chain with a model that gives fixed answers runs for real."""

import json

import wandb
from tests.helpers.large_library import large_library

large_library("langchain_core")


def test_a_chain(read) -> None:
    """The tracer logs how long a chain took, and at the end what it was asked and has answered."""
    from langchain_core.language_models.fake import FakeListLLM
    from langchain_core.prompts import PromptTemplate

    from wandb.integration.langchain import WandbTracer

    run = wandb.init(mode="offline")
    tracer = WandbTracer()
    chain = PromptTemplate.from_template("Say {word}") | FakeListLLM(responses=["hello"])
    assert chain.invoke({"word": "it"}, config={"callbacks": [tracer]}) == "hello"
    tracer.finish()
    assert wandb.run is run
    run.finish()
    (row,) = [row for _, row in read(run).rows() if row]
    assert row["langchain/errors"] == 0 and row["langchain/seconds"] > 0
    (table,) = [one for one in read(run).all("data") if one["logName"] == "langchain_trace"]
    ((name, kind, inputs, outputs, error, _, inside),) = json.loads(table["data"])["table"]
    assert (name, kind, error) == ("RunnableSequence", "chain", None)
    assert json.loads(inputs) == {"word": "it"} and "hello" in outputs
    assert [one["kind"] for one in json.loads(inside)] == ["prompt", "llm"]
