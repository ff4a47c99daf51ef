"""Several values of one key at one step: the last one counts, as in wandb, whatever kind it is of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest

import wandb
from tests.helpers.server_state import Server
from tests.process.run.test_native_online import soon
from wandb_compat.cli.sync_runs import deliver

KINDS: dict[str, Callable[[int], Any]] = {
    "text": lambda n: f"text {n}",
    "number": lambda n: n,
    "histogram": lambda n: wandb.Histogram([n] * n),
    "array": lambda n: numpy.arange(9) * n,
    "table": lambda n: wandb.Table(columns=["a"], data=[[n]] * n),
    "html": lambda n: wandb.Html(f"<p>{n}"),
    "image": lambda n: wandb.Image(numpy.full((4, 4, 3), n, numpy.uint8), caption=str(n)),
    "images": lambda n: [wandb.Image(numpy.full((4, 4, 3), i, numpy.uint8)) for i in range(4 - n)],
    "audio": lambda n: wandb.Audio(numpy.zeros(80 * n), sample_rate=8000, caption=str(n)),
}


@pytest.fixture
def server(pluto_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The session's server, as the environment names it."""
    for name, value in pluto_server.environment().items():
        monkeypatch.setenv(name, value)
    yield Server(pluto_server.url, pluto_server.key)
    wandb.teardown()


def values(n: int) -> dict[str, Any]:
    """Return the n-th value of every kind."""
    return {key: make(n) for key, make in KINDS.items()}


def stored(server: Server, run: int) -> dict[str, int]:
    """Return how many values of each key the server keeps at step 0."""
    data = server.get("/api/embedded/data", runId=run)["data"]
    files = server.get("/api/runs/files", projectName="one-step", runId=run)["files"]
    return dict(Counter(one["logName"] for one in [*data, *files] if one["step"] == 0))


def check_row(run_id: str) -> None:
    """Check that the reader's row has the second value of every kind."""
    row = next(iter(wandb.Api().run(f"one-step/{run_id}").scan_history()))
    assert (row["text"], row["number"]) == ("text 2", 2)
    assert sum(row["histogram"]["values"]) == 2 and sum(row["array"]["values"]) == 9
    assert row["table"]["nrows"] == 2 and row["images"]["count"] == 2
    assert row["image"]["caption"] == row["audio"]["caption"] == "2"


def test_what_the_journal_still_holds_is_replaced(server: Server) -> None:
    """The server never sees the first values of a run that is sent later."""
    with wandb.init(project="one-step", mode="offline") as run:
        for n in (1, 2):
            run.log(values(n), step=0)
        run.log(values(1), step=1)
    assert deliver((Path(run.dir).parent,), dry_run=False, patience=0, jobs=1) == 0
    (number,) = (one["id"] for one in server.get("/api/runs/list", projectName="one-step", search=run.name)["runs"])
    assert stored(server, number) == {key: 2 if key == "images" else 1 for key in KINDS if key != "number"}
    check_row(run.id)


def test_what_the_server_has_is_hidden_by_the_reader(server: Server) -> None:
    """A server keeps values that were sent; the reader takes the last one."""
    with wandb.init(project="one-step") as run:
        run.log(values(1), step=0)
        assert run.url is not None
        number = int(wandb.Api().run(f"one-step/{run.id}").storage_id)
        assert soon(lambda: stored(server, number).keys() >= KINDS.keys() - {"number"})
        assert soon(lambda: stored(server, number)["images"] == 3)
        run.log(values(2), step=0)
    assert stored(server, number)["text"] == 2 and stored(server, number)["images"] == 5
    check_row(run.id)
