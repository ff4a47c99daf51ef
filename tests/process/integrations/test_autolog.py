"""`autolog`: calls of a library are logged, and its functions given back."""

import asyncio
import sys
from types import ModuleType

import pytest

import wandb
from wandb.sdk.integration_utils.auto_logging import AutologAPI


class Model:
    """What a library might have."""

    def ask(self, text: str) -> str:
        return text.upper()

    async def later(self, text: str) -> str:
        return text.lower()

    @classmethod
    def make(cls, text: str) -> str:
        return cls.__name__ + text


@pytest.fixture
def autolog(monkeypatch: pytest.MonkeyPatch) -> AutologAPI:
    library = ModuleType("library")
    library.Model = Model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "library", library)

    def resolve(args, kwargs, response, start, seconds):
        if response == "FAIL":
            raise ValueError("a form that is not known")
        return {"length": len(response)}

    symbols = ("Model.ask", "Model.later", "Model.make", "Model.gone", "Gone.ask")
    return AutologAPI("library", symbols, resolve)


def test_every_call_is_a_row(autolog, read, capsys) -> None:
    """Functions, coroutines and class methods are logged; trouble with a value never reaches the caller."""
    before = dict(vars(Model))
    run = wandb.init(mode="offline")
    autolog()
    assert Model().ask("four") == "FOUR"
    assert asyncio.run(Model().later("THREE")) == "three"
    assert Model.make("s") == "Models"
    assert Model().ask("fail") == "FAIL"
    autolog.disable()
    Model().ask("not logged")
    assert wandb.run is run
    run.finish()
    assert [row["length"] for _, row in read(run).rows()] == [4, 5, 6]
    assert dict(vars(Model)) == before
    assert "a form that is not known" in capsys.readouterr().err


def test_a_run_of_its_own(autolog) -> None:
    """`autolog(init=…)` begins a run, and `disable` finishes it."""
    autolog(init={"mode": "offline", "project": "demo"})
    assert wandb.run is not None and wandb.run.project == "demo"
    autolog.disable()
    assert wandb.run is None


def test_a_library_that_is_missing() -> None:
    """Without the library the error says what to install, and no run is begun."""
    autolog = AutologAPI("a_library_that_nobody_has", (), lambda *call: None)
    with pytest.raises(wandb.Error, match="pip install a_library_that_nobody_has"):
        autolog()
    assert wandb.run is None
