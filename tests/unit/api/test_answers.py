"""The readers trust no answer with status 200 that lacks the fields they need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pluto import query

from wandb._native.api.connection import Reader
from wandb.errors import CommError, term
from wandb_compat.wire.endpoints import Endpoints

# What a Pluto server answers to any unknown path of one word: an id made from the path, without asking for a key.
CATCH_ALL = {"runId": 7627}


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    """A reader of a server that answers everything with 200 and a made-up run id."""
    monkeypatch.setattr(query.Client, "_get", lambda self, path, params=None, retry=0: dict(CATCH_ALL))
    monkeypatch.setattr(term, "_said", set())
    address = "http://127.0.0.1:1"
    return Reader(Endpoints(address, address, address, address), "mlpi_test", 1)


@pytest.mark.parametrize(
    "ask",
    [
        lambda reader: reader.page("p", None, "-createdAt", 10),
        lambda reader: reader.points("p", 1),
        lambda reader: reader.statistics("p", 1),
        lambda reader: reader.lines("p", 1, 10, 0),
        lambda reader: reader.get_files("p", 1),
        lambda reader: reader.list_projects(),
        lambda reader: reader.get_run("p", 1),
        lambda reader: reader.run_url("p", 1),
    ],
    ids=["list", "metrics", "statistics", "logs", "files", "projects", "details", "url"],
)
def test_an_answer_without_its_fields_is_an_error(ask: Callable[[Reader], Any], reader: Reader) -> None:
    """It is a CommError that says what to check, never a KeyError."""
    with pytest.raises(CommError, match="not that of a Pluto server: check PLUTO_URL_API"):
        ask(reader)


def test_texts_are_empty_where_the_server_does_not_give_them_back(
    reader: Reader, capsys: pytest.CaptureFixture[str]
) -> None:
    """Histories are then without texts, histograms and tables; one line says so."""
    assert reader.logged("p", 1) == [] == reader.logged("p", 2)
    assert capsys.readouterr().err.count("does not give back texts, histograms and tables") == 1
