"""An uploader that dies is followed by another: sooner, the better the last one did."""

import itertools
import os
from pathlib import Path

import pytest

from tests.helpers.clock import Clock
from wandb_compat.config.credentials import Credential
from wandb_compat.config.settings import Settings
from wandb_compat.pipeline import drain, worker_process
from wandb_compat.pipeline.pipeline import Pipeline
from wandb_compat.pipeline.worker_process import UploaderProcess
from wandb_compat.spool import records
from wandb_compat.spool.notifier import CallbackNotifier
from wandb_compat.spool.status import Phase, State
from wandb_compat.spool.worker_config import WorkerConfig


class Mortal:
    """A process that lives until the test gives it an exit code."""

    pid = 2**22 + 1  # of no process

    def __init__(self) -> None:
        self.code: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, or None while it lives."""
        return self.code


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the starts of uploaders."""
    made = Clock()
    monkeypatch.setattr(worker_process, "monotonic", made)
    return made


def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[UploaderProcess, list[float]]:
    """Return a handle whose processes are `Mortal`, and the times of their starts."""
    handle = UploaderProcess(tmp_path, Credential("test", "mlpi_key"), WorkerConfig.of(Settings()))
    starts: list[float] = []

    def start(self: UploaderProcess) -> None:
        starts.append(worker_process.monotonic())
        self._process = Mortal()  # type: ignore[assignment] # see above

    monkeypatch.setattr(UploaderProcess, "_start", start)
    return handle, starts


def test_the_pause_between_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """It doubles while each dies at once, and begins anew after one that has lived for a while."""
    handle, starts = process(tmp_path, monkeypatch)

    def die_and_wait(seconds: float) -> list[float]:
        handle._process.code = -9  # type: ignore[union-attr]
        begun = len(starts)
        for _ in range(int(seconds * 10)):
            clock.now += 0.1
            handle.keep_running()
            if len(starts) > begun:
                handle._process.code = -9  # type: ignore[union-attr]
        return [round(after - before) for before, after in itertools.pairwise(starts)]

    handle.keep_running()
    assert die_and_wait(70) == [1, 2, 4, 8, 16, 32]
    clock.now += 100
    handle.keep_running()
    for _ in range(11):  # this one is well
        clock.now += 1
        handle.keep_running()
    gone = clock.now
    assert die_and_wait(2.5)[-2:] == [11, 1]
    assert starts[-2] - gone < 0.2


def test_the_end_of_the_run_does_not_wait_for_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    """After many deaths the next uploader is started at once."""
    handle, starts = process(tmp_path, monkeypatch)
    for _ in range(6):
        handle._next_start = 0
        handle.keep_running()
        handle._process.code = -9  # type: ignore[union-attr]
    handle.keep_running()
    assert len(starts) == 6
    handle.end_pause()
    handle.keep_running()
    assert len(starts) == 7


@pytest.mark.parametrize(
    ("code", "phase", "again"), [(None, None, 0), (0, None, 1), (0, "delivering", 1), (0, "done", 0)]
)
def test_an_uploader_that_ended_before_it_read_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int | None, phase: Phase | None, again: int
) -> None:
    """A process that was given a run and exits before its end is followed by another."""
    handle, starts = process(tmp_path, monkeypatch)
    handle.announce()
    if phase is not None:
        State(phase=phase).write(tmp_path)
    handle._process, handle._passed_on = Mortal(), True  # type: ignore[assignment]
    handle._process.code = code  # type: ignore[union-attr]
    handle.keep_running()
    assert len(starts) == again


def test_a_forked_child_has_no_uploader_of_an_earlier_run(tmp_path: Path) -> None:
    """What may be passed on depends on the process, the variables that an uploader reads, and the earlier run."""
    State.reserve(tmp_path)
    State(phase="done", pid=Mortal.pid).write(tmp_path)
    environment = {"NO_PROXY": "localhost", "WANDB_RUN_ID": "one", "WANDB_HTTP_PROXY": "http://proxy.example"}
    started = worker_process._Started(
        Mortal(),  # type: ignore[arg-type]
        worker_process._Pipe(os.open(os.devnull, os.O_WRONLY)),
        worker_process._of_uploader(environment),
        tmp_path,
        os.getpid(),
    )

    def is_free(one: worker_process._Started, **changes: str) -> bool:
        return one.is_free(worker_process._of_uploader({**environment, **changes}))

    assert is_free(started)
    assert is_free(started, WANDB_RUN_ID="two")
    assert not is_free(started, NO_PROXY="*")
    assert not is_free(started, WANDB_HTTP_PROXY="http://other.example")
    assert not is_free(started._replace(trainer=os.getpid() + 1))
    State(phase="delivering", pid=Mortal.pid).write(tmp_path)
    assert not is_free(started)


def test_nobody_is_said_to_send_when_none_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no uploader can be started the end does not wait for one, and names the command."""

    def refuse(self: UploaderProcess) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(UploaderProcess, "_start", refuse)
    monkeypatch.setattr(drain, "DRAIN_GRACE", 0.3)
    shown: list[tuple[str, str]] = []
    pipeline = Pipeline(tmp_path, Settings(), notifier=CallbackNotifier(lambda *notice: shown.append(notice)))
    pipeline.start(records.Start(1, "p", "x", "n"), Credential("test", "mlpi_key"), online=True)
    for step in range(10):
        pipeline.row({"loss": step}, step, 1)
    outcome = pipeline.finish(records.Exit(2, "completed", 0))
    assert "background" not in outcome.message
    assert f"10 rows are not on the Pluto server yet; send them with `wandb-compat sync {tmp_path}`" in outcome.message
