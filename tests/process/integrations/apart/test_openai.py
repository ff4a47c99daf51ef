"""OpenAI: the client talks to a server on this machine."""

import base64
import json

import pytest

import wandb
from tests.helpers.fake_language_model import answering

openai = pytest.importorskip("openai", exc_type=ImportError)
ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "small",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello!"}}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
}
JOB = {
    "object": "fine_tuning.job",
    "created_at": 1,
    "finished_at": 2,
    "model": "small",
    "organization_id": "o",
    "hyperparameters": {"n_epochs": 2, "batch_size": 1},
    "training_file": "file-train",
    "validation_file": None,
    "result_files": ["file-result"],
    "fine_tuned_model": "ft:small",
    "trained_tokens": 10,
    "seed": 1,
}
RESULT = base64.b64encode(b"step,train_loss,valid_loss\n1,0.5,\n2,0.25,0.75\n").decode()
LINE = {"messages": [{"role": "user", "content": "Hi"}]}
PAGES = {
    "v1/chat/completions": ANSWER,
    "v1/fine_tuning/jobs": {
        "object": "list",
        "has_more": False,
        "data": [{**JOB, "id": "ftjob-2", "status": "failed"}, {**JOB, "id": "ftjob-1", "status": "succeeded"}],
    },
    "v1/fine_tuning/jobs/ftjob-1": {**JOB, "id": "ftjob-1", "status": "succeeded"},
    "v1/files/file-result/content": RESULT,
    "v1/files/file-train/content": json.dumps(LINE),
}


@pytest.fixture
def address():
    with answering(PAGES) as address:
        yield f"{address}/v1"


def test_calls_are_logged(address, read, monkeypatch) -> None:
    """While `autolog` is on each call is a row of tokens and a table of the messages; afterwards none is."""
    from wandb.integration.openai import autolog

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    client = openai.OpenAI(base_url=address, api_key="none")
    question = [{"role": "user", "content": "Hi"}]
    run = wandb.init(mode="offline")
    autolog()
    answer = client.chat.completions.create(model="small", messages=question)
    autolog.disable()
    client.chat.completions.create(model="small", messages=question)
    run.finish()
    assert answer.choices[0].message.content == "Hello!"
    ((_, row),) = read(run).rows()
    assert row.pop("usage/elapsed_time") > 0
    assert row == {"usage/prompt_tokens": 3, "usage/completion_tokens": 2, "usage/total_tokens": 5}
    (table,) = [one for one in read(run).all("data") if one["dataType"] == "TABLE"]
    assert table["logName"] == "traces" and "**user**: Hi" in table["data"] and "Hello!" in table["data"]


def test_fine_tunes_become_runs(address, monkeypatch, tmp_path, capsys) -> None:
    """A job that has succeeded is a run with its results, files and model; it is logged once only."""
    from wandb.integration.openai.fine_tuning import WandbLogger
    from wandb_compat.server.serve import running

    with running(tmp_path / "data") as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        client = openai.OpenAI(base_url=address, api_key="none")
        assert "successfully" in WandbLogger.sync(openai_client=client, project="tuned", tags=["t"])
        assert 'ftjob-2 has the status "failed"' in capsys.readouterr().err
        run = wandb.Api().run("tuned/ftjob-1")
        rows = [row for row in run.scan_history() if "train_loss" in row]
        assert [(row["_step"], row["train_loss"]) for row in rows] == [(1, 0.5), (2, 0.25)]
        assert (run.job_type, run.tags, run.config["hyperparameters"]["n_epochs"]) == ("fine-tune", ["t"], 2)
        assert (run.summary["fine_tuned_model"], run.summary["status"]) == ("ft:small", "succeeded")
        assert [one.name for one in run.logged_artifacts()] == ["training-file-train:v0", "model-metadata:v0"]
        assert run.used_artifacts()[0].get("training_data").data == [[json.dumps(LINE["messages"])]]
        assert WandbLogger.sync("ftjob-1", openai_client=client, project="tuned") is None
        assert "already been logged" in capsys.readouterr().err
        assert "successfully" in WandbLogger.sync("ftjob-1", client, project="tuned", overwrite=True)
        assert len(wandb.Api().runs("tuned")) == 1
