"""Cohere: the client talks to a server on this machine."""

import asyncio
import json

import pytest

import wandb
from tests.helpers.fake_language_model import answering

cohere = pytest.importorskip("cohere", exc_type=ImportError)
SECOND = {
    "id": "1",
    "finish_reason": "COMPLETE",
    "message": {"role": "assistant", "content": [{"type": "text", "text": "Hello!"}]},
    "usage": {"tokens": {"input_tokens": 3, "output_tokens": 2}},
}
FIRST = {"text": "Hello!", "generation_id": "1", "meta": {"tokens": {"input_tokens": 4, "output_tokens": 1}}}


def test_calls_are_logged(read, monkeypatch) -> None:
    """Calls of clients of both versions, also of those made before `autolog` and of asynchronous ones."""
    from wandb.integration.cohere import autolog

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with answering({"v2/chat": SECOND, "v1/chat": FIRST}) as address:
        given = {"base_url": address, "api_key": "none"}
        second, first, later = cohere.ClientV2(**given), cohere.Client(**given), cohere.AsyncClientV2(**given)
        question = [{"role": "user", "content": "Hi"}]
        run = wandb.init(mode="offline")
        autolog()
        answer = second.chat(model="small", messages=question)
        first.chat(model="small", message="Hi")
        asyncio.run(later.chat(model="small", messages=question))
        autolog.disable()
        second.chat(model="small", messages=question)
        run.finish()
    assert answer.message.content[0].text == "Hello!"
    rows = [row for _, row in read(run).rows()]
    assert [(row["usage/input_tokens"], row["usage/output_tokens"]) for row in rows] == [(3, 2), (4, 1), (3, 2)]
    tables = [json.loads(one["data"])["table"] for one in read(run).all("data") if one["dataType"] == "TABLE"]
    assert len(tables) == 3 and all(table[0][1] == "small" and "Hi" in table[0][2] for table in tables)
    assert all("Hello!" in table[0][3] for table in tables)
