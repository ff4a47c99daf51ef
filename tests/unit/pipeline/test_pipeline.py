"""What is given to the pipeline is on disk soon, in order, also from threads, forks and dying processes."""

import contextlib
import json
import math
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import numpy
import pytest

from wandb_compat.config.settings import Settings
from wandb_compat.pipeline import pipeline as pipeline_module
from wandb_compat.pipeline.pipeline import Pipeline
from wandb_compat.spool import journal, records
from wandb_compat.spool.notifier import CallbackNotifier


def begin(home: Path, **settings: Any) -> Pipeline:
    """Return a pipeline without an uploader that has begun a run in `home`."""
    pipeline = Pipeline(
        home,
        Settings(**settings),
        notifier=CallbackNotifier(lambda *notice: notices.append(notice)),
        head=home / "run-x.wandb",
    )
    notices.clear()
    home.mkdir(exist_ok=True)
    pipeline.start(records.Start(time=1, project="p", id="x", name="n"), None, online=True)
    return pipeline


notices: list[tuple[str, str]] = []


def written(home: Path, kind: str) -> list[Any]:
    """Return the documents of one kind in the journal of `home`, file after file."""
    entries = [entry for file in journal.files(home) for piece, _ in journal.read(file) for entry in piece]
    return [json.loads(entry.document) for entry in entries if entry.kind == kind.encode()]


def end(pipeline: Pipeline) -> None:
    """Finish a run that went well."""
    pipeline.finish(records.Exit(2, "completed", 0))


def test_rows_of_numbers_keep_their_values_and_order(tmp_path: Path) -> None:
    """Each row arrives as logged, the first of a key and those after it alike."""
    pipeline = begin(tmp_path)
    for step in range(100):
        assert pipeline.row({"loss": step / 7, "n": step}, step, 1000 + step) == {"loss": step / 7, "n": step}
    end(pipeline)
    assert written(tmp_path, "row") == [
        {"time": 1000 + step, "step": step, "data": {"loss": step / 7, "n": step}} for step in range(100)
    ]
    assert written(tmp_path, "key") == [{"name": "loss", "type": "METRIC"}, {"name": "n", "type": "METRIC"}]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2**63, -(2**70), 10**400, 1e308])
def test_numbers_that_json_or_the_wire_lack_still_arrive(tmp_path: Path, value: float) -> None:
    """NaN, infinities and huge integers arrive, also under known keys and in a sum that overflows."""
    pipeline = begin(tmp_path)
    pipeline.row({"a": 1, "b": 1}, 0, 1)
    pipeline.row({"a": value, "b": 1e308}, 1, 2)
    end(pipeline)
    try:
        expected = float(value)
    except OverflowError:
        expected = math.inf
    row = written(tmp_path, "row")[1]
    assert repr(float(row["data"]["a"])) == repr(expected)
    assert row["data"]["b"] == 1e308


def test_values_of_all_kinds_take_their_form(tmp_path: Path) -> None:
    """Bools, numpy scalars, nested dicts, lists, text and None are converted as the table in the documents says."""
    pipeline = begin(tmp_path)
    values = {
        "flag": True,
        "np": numpy.float32(0.5),
        "one": numpy.array([7]),
        "nested": {"a": {"b": 1}, "c": "word"},
        "pair": [1, 2.5],
        "nothing": None,
        "long": "x" * 300,
        "mixed": [1, "a"],
        "many": numpy.arange(100.0),
    }
    summary = pipeline.row(values, 3, 5)
    end(pipeline)
    assert written(tmp_path, "row") == [
        {"time": 5, "step": 3, "data": {"flag": 1, "np": 0.5, "one": 7, "nested.a.b": 1, "pair/0": 1, "pair/1": 2.5}}
    ]
    data = {one["logName"]: one for one in written(tmp_path, "data")}
    assert data.keys() == {"nested.c", "mixed", "many"}
    assert data["nested.c"] == {
        "time": 5, "step": 3, "dataType": "string-series", "logName": "nested.c", "data": "word"
    }  # fmt: skip
    histogram = json.loads(data["many"]["data"])
    assert data["many"]["dataType"] == "HISTOGRAM"
    assert (sum(histogram["freq"]), histogram["bins"]) == (100, {"min": 0, "max": 99, "num": 64})
    assert summary["flag"] is True
    assert summary["long"] == "x" * 300
    assert "nothing" not in summary


def test_the_arguments_are_neither_changed_nor_kept(tmp_path: Path) -> None:
    """What the caller does to its objects after the call does not reach the journal."""
    pipeline = begin(tmp_path)
    array, values = numpy.zeros(50), {"inner": {"x": 1}}
    pipeline.row({"array": array, **values}, 0, 1)
    array += 1
    values["inner"]["x"] = 2
    end(pipeline)
    assert written(tmp_path, "row")[0]["data"] == {"inner.x": 1}
    assert json.loads(written(tmp_path, "data")[0]["data"])["bins"]["min"] == -0.5


def test_names_are_stored_as_written(tmp_path: Path) -> None:
    """Unicode and line breaks are kept, in the row and in the registered key; a blank name becomes `-`.

    A row without any name has none to be stored: an empty key is left out, as wandb does.
    """
    pipeline = begin(tmp_path)
    for key in ("größe\n", "", " "):
        pipeline.row({key: 1}, 0, 1)
    end(pipeline)
    assert [list(row["data"]) for row in written(tmp_path, "row")] == [["größe\n"], ["-"]]
    assert [key["name"] for key in written(tmp_path, "key")] == ["größe\n", "-"]


@pytest.mark.parametrize("data", [{1: 2}, {"a": 1, None: 2}])
def test_keys_must_be_strings(tmp_path: Path, data: Any) -> None:
    """Another key raises wandb's TypeError, and nothing of the row is half logged."""
    pipeline = begin(tmp_path)
    with pytest.raises(TypeError, match="must be strings"):
        pipeline.row(data, 0, 1)
    end(pipeline)
    assert written(tmp_path, "row") == []


def test_threads_lose_nothing(tmp_path: Path) -> None:
    """Rows of eight threads all arrive, each once."""
    pipeline = begin(tmp_path)

    def log(number: int) -> None:
        for step in range(500):
            pipeline.row({f"t{number}": step}, step, 1)

    threads = [threading.Thread(target=log, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    end(pipeline)
    rows = sorted((next(iter(row["data"])), row["step"]) for row in written(tmp_path, "row"))
    assert rows == sorted((f"t{number}", step) for number in range(8) for step in range(500))


def test_a_burst_beyond_the_queue_is_written_by_its_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound of the queue nothing is dropped and memory stays bounded."""
    monkeypatch.setattr("wandb_compat.pipeline.pipeline.QUEUE_LIMIT", 50)
    monkeypatch.setattr("wandb_compat.pipeline.pipeline.FLUSH_INTERVAL", 60)
    pipeline = begin(tmp_path)
    for step in range(1000):
        pipeline.row({"a": step}, step, 1)
        assert len(pipeline._queue) <= 51
    end(pipeline)
    assert [row["step"] for row in written(tmp_path, "row")] == list(range(1000))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_writes_a_file_of_its_own(tmp_path: Path) -> None:
    """Rows of a child that ends without ceremony arrive, and the parent's are not written twice."""
    pipeline = begin(tmp_path)
    pipeline.row({"parent": 1}, 0, 1)
    child = os.fork()
    if child == 0:
        pipeline.row({"child": 1}, 1, 1)
        os._exit(0)
    os.waitpid(child, 0)
    pipeline.row({"parent": 2}, 2, 1)
    end(pipeline)
    assert sorted(row["step"] for row in written(tmp_path, "row")) == [0, 1, 2]
    assert len(journal.files(tmp_path)) == 2


def test_a_folder_that_cannot_be_written_never_raises(tmp_path: Path) -> None:
    """Disk trouble causes one warning, and the outcome has the number of lost records."""
    (tmp_path / "journal").write_text("a file where the folder should be")
    pipeline = begin(tmp_path)
    for step in range(10):
        pipeline.row({"a": step}, step, 1)
    time.sleep(0.2)
    outcome = pipeline.finish(records.Exit(2, "completed", 0))
    assert [level for level, _ in notices] == ["warning"]
    assert "cannot be written" in notices[0][1]
    assert not outcome.delivered
    assert "13 records could not be written" in outcome.message


def test_rows_kept_in_memory_are_written_when_the_disk_is_back(tmp_path: Path) -> None:
    """A disk that refuses for a while costs nothing."""
    (tmp_path / "journal").write_text("a file where the folder should be")
    pipeline = begin(tmp_path)
    for step in range(10):
        pipeline.row({"a": step}, step, 1)
    time.sleep(0.2)
    (tmp_path / "journal").unlink()
    end(pipeline)
    assert [row["step"] for row in written(tmp_path, "row")] == list(range(10))


def test_a_signal_handler_ends_the_run_between_any_two_lines_of_its_end(tmp_path: Path) -> None:
    """As that of SIGTERM does, which no lock of the interrupted thread may stop: all rows and one exit are on disk."""
    ours = {pipeline_module.__file__, threading.__file__}

    class Killed(BaseException):
        """The end of the process, right after the handler."""

    def deadlock(*args: object) -> None:
        raise AssertionError("the handler waits for the thread that it has interrupted")

    def run(home: Path, at: int) -> bool:
        pipeline, count = begin(home), 0
        pipeline.row({"a": 1}, 0, 1)

        def handler(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal count
            if frame.f_code.co_filename not in ours:
                return None
            count += event == "line"
            if count == at:
                sys.settrace(None)
                signal.setitimer(signal.ITIMER_REAL, 20)
                pipeline.end(records.Exit(2, "terminated", 143))
                signal.setitimer(signal.ITIMER_REAL, 0)
                raise Killed
            return handler

        sys.settrace(handler)
        with contextlib.suppress(Killed):
            pipeline.end(records.Exit(2, "completed", 0))
        sys.settrace(None)
        return count >= at

    before, rounds = signal.signal(signal.SIGALRM, deadlock), 0
    try:
        while run(home := tmp_path / str(rounds), rounds + 1):
            rounds += 1
            assert {row["step"] for row in written(home, "row")} == {0}  # twice, if its write was interrupted
            assert len({exit["state"] for exit in written(home, "exit")}) == 1, rounds
    finally:
        sys.settrace(None)
        signal.signal(signal.SIGALRM, before)
    assert rounds > 20
