"""The history of a run: every row, or some that are evenly spread."""

import itertools
import sys
from typing import Any

import pytest

import wandb
from tests.helpers.counting_proxy import Counter
from tests.process.api.conftest import Logged


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the training script as wandb flattens it."""
    return {key: one for key, one in row.items() if key != "nested"} | {"nested.deep.x": row["nested"]["deep"]["x"]}


def without_clock(row: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a row that were logged."""
    return {key: one for key, one in row.items() if not key.startswith("_")}


def test_every_row_comes_back_as_it_was_logged(api: wandb.Api, truth: dict[str, Any]) -> None:
    """A scan gives the rows of the script, with steps and times."""
    rows = list(api.run("rich/rich1").scan_history())
    assert [without_clock(row) for row in rows[:5]] == [flat(row) for row in truth["rich"]["rows"]]
    assert [row["_step"] for row in rows] == [0, 1, 2, 3, 4, 5]
    times = [row["_timestamp"] for row in rows]
    assert times == sorted(times)
    assert all(row["_timestamp"] - truth["rich"]["start"] == pytest.approx(row["_runtime"], abs=0.01) for row in rows)
    assert type(rows[1]["train/acc"]) is int  # as wandb gives whole numbers


def test_a_scan_gives_only_rows_that_have_all_keys(api: wandb.Api) -> None:
    """With keys the rows have these and nothing else."""
    run = api.run("rich/rich1")
    assert list(run.scan_history(keys=["train/acc", "_step"])) == [{"train/acc": at, "_step": at} for at in range(5)]
    assert list(run.scan_history(keys=["loss", "odd"])) == []
    assert list(run.scan_history(keys=["never"])) == []
    assert [row["remark"] for row in run.scan_history(keys=["remark", "loss"])] == [f"text {at}" for at in range(5)]
    assert [row["train/acc"] for row in run.scan_history(min_step=2, max_step=4)] == [2, 3]
    assert [row["loss"] for row in run.beta_scan_history(["loss"], page_size=2)] == [1 / (at + 1) for at in range(5)]
    scan = run.scan_history(keys=["_step"])
    assert list(scan) == list(scan)  # iterating again begins anew
    assert scan.max_step == 5
    with pytest.raises(ValueError, match="keys must be specified"):
        run.scan_history(keys="loss")


def test_media_of_the_history_are_found_as_files(api: wandb.Api) -> None:
    """A row has wandb's form of pictures, lists, histograms and tables, and `file` finds what it names."""
    run = api.run("rich/rich1")
    (row,) = run.scan_history(keys=["picture", "pictures", "spread", "table", "page"])
    assert (row["picture"]["_type"], row["picture"]["caption"]) == ("image-file", "a picture")
    assert (row["pictures"]["_type"], row["pictures"]["count"]) == ("images/separated", 2)
    assert row["spread"] == {"_type": "histogram", "values": [1, 2, 3], "bins": [0.0, 1.0, 2.0, 3.0]}
    assert (row["table"]["_type"], row["table"]["nrows"]) == ("table-file", 2)
    assert row["page"]["_type"] == "html-file"
    paths = [row["picture"]["path"], *row["pictures"]["filenames"], row["table"]["path"], row["page"]["path"]]
    assert all(run.file(path).size > 0 for path in paths)
    assert row["picture"]["path"] == run.summary["picture"]["path"]


def test_a_frame_of_a_short_history(api: wandb.Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """By default the history is a DataFrame, a list of dicts on request or without pandas."""
    run = api.run("rich/rich1")
    frame = run.history(keys=["loss", "train/acc"])
    assert list(frame.columns) == ["_step", "loss", "train/acc"]
    assert list(frame["train/acc"]) == [0, 1, 2, 3, 4]
    assert len(run.history()) == 6
    by_accuracy = run.history(keys=["loss"], x_axis="train/acc", pandas=False)
    assert by_accuracy[2] == {"train/acc": 2, "loss": 1 / 3}
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert run.history(keys=["loss"]) == run.history(keys=["loss"], pandas=False)
    assert run.history(keys="loss") == []  # a warning, as with wandb


def test_a_long_history_is_thinned_by_the_server(counted: tuple[wandb.Api, Counter], log: Logged) -> None:
    """Of a long run come back as many rows as were asked for, evenly spread, without reading more than that."""
    log("long", {name: [(step, float(step)) for step in range(25_000)] for name in ("a", "b")})
    api, counter = counted
    run = api.run("test_a_long_history_is_thinned_by_the_server/long")
    counter.paths()
    rows = run.history(samples=100, pandas=False)
    (query,) = counter.queries("metrics")
    assert query["limit"] == "100"
    assert len(rows) == 100
    steps = [row["_step"] for row in rows]
    assert (steps[0], steps[-1]) == (0, 24_999)
    assert max(right - left for left, right in itertools.pairwise(steps)) <= 500
    assert all(row["a"] == row["b"] == row["_step"] for row in rows)
    assert len(run.history(pandas=False)) == 500
    assert len(run.history(samples=1, pandas=False)) == 1


def test_thinning_does_not_tear_rows_apart(log: Logged) -> None:
    """Metrics that the server would thin at different steps are read in full, and rows stay whole."""
    run = log("torn", {"a": [(step, 1.0) for step in range(2000)], "b": [(step, 2.0) for step in range(1, 2000)]})
    rows = run.history(samples=50, pandas=False)
    assert len(rows) == 50
    assert all({"a", "b"} <= row.keys() for row in rows[1:])
    sparse = log(
        "sparse", {"a": [(step, 1.0) for step in range(2000)], "v": [(step, 2.0) for step in range(7, 2000, 100)]}
    )
    assert [row["_step"] for row in sparse.history(keys=["a", "v"], pandas=False)] == list(range(7, 2000, 100))


def test_a_scan_reads_no_further_than_somebody_looks(counted: tuple[wandb.Api, Counter], log: Logged) -> None:
    """A scan asks for the next steps when the rows of the last ones are used up."""
    log("scan", {"a": [(step, float(step)) for step in range(25_000)]})
    api, counter = counted
    run = api.run("test_a_scan_reads_no_further_than_somebody_looks/scan")
    scan = run.scan_history(page_size=2000)
    counter.paths()
    for _ in range(2000):
        next(scan)
    asked = [(query.get("stepMin"), query.get("stepMax")) for query in counter.queries("metrics")]
    assert asked == [("0", None), ("0", "1999")]  # the first one: where does the history end?
    next(scan)
    assert [query["stepMin"] for query in counter.queries("metrics")] == ["2000"]
    assert [row["a"] for row in run.scan_history()] == list(range(25_000))


def test_a_scan_takes_long_strides_over_gaps(counted: tuple[wandb.Api, Counter], log: Logged) -> None:
    """Steps that count samples or millions of tokens do not make a request for every thousand of them."""
    points = [(step * 1_000_000, float(step)) for step in range(300)]
    log("sparse", {"a": points, "dense": [(150_000_000 + step, 0.0) for step in range(12_000)]})
    api, counter = counted
    run = api.run("test_a_scan_takes_long_strides_over_gaps/sparse")
    counter.paths()
    rows = list(run.scan_history())
    assert len(rows) == 300 + 12_000 - 1
    assert [row["a"] for row in rows if "a" in row] == list(range(300))
    assert len(counter.queries("metrics")) < 100


def test_what_was_measured_of_the_machine(api: wandb.Api, log: Logged) -> None:
    """The system stream has the machine's measurements and the default one has not."""
    run = log("machine", {"sys/cpu.pct.0": [(1, 10.0), (2, 20.0)], "loss": [(0, 1.0)]})
    assert [row["system.cpu.pct.0"] for row in run.history(stream="system", pandas=False)] == [10, 20]
    assert [row["loss"] for row in run.history(pandas=False)] == [1]
    assert run.history(keys=["loss"], stream="system") == []
    assert run.system_metrics == {"system.cpu.pct.0": 20.0}


def test_the_histories_of_several_runs(api: wandb.Api) -> None:
    """Rows of all runs come with the run's id, in the form that is asked for."""
    runs = api.runs("grid")
    rows = runs.histories(keys=["acc"])
    assert {row["run_id"]: row["acc"] for row in rows} == {"grid0": 0, "grid1": 0.1, "grid2": 0.2, "grid4": 0.4}
    frame = runs.histories(keys=["acc"], format="pandas")
    assert list(frame.columns) == ["_step", "acc", "run_id"]
    with pytest.raises(ValueError, match="Invalid format"):
        runs.histories(format="csv")  # type: ignore[arg-type]


def test_a_key_that_pluto_spells_otherwise_keeps_its_name(api: wandb.Api, tmp_path: Any) -> None:
    """A key is asked for as it was logged, whatever became of its letters."""
    run = api.create_run(run_id="odd", project="odd-keys")
    headers = {"X-Run-Id": str(run.number), "X-Run-Name": "odd", "X-Project-Name": "odd-keys"}
    api._reader.wire.ingest("metrics", headers, [b'{"time":1700000000000,"step":0,"data":{"gr--e":5}}'])
    assert list(run.scan_history(keys=["größe"])) == [{"größe": 5}]
