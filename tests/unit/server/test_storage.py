"""Options of the storage: delayed writes, duplicates, late statistics, the quota, and old data folders."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from wandb_compat.server.limits import Limits
from wandb_compat.server.page import views
from wandb_compat.server.params import Fields, Query, RequestError
from wandb_compat.server.query import metrics, run_data
from wandb_compat.server.storage import blobs, ingest, runs
from wandb_compat.server.storage.database import BUCKET_TABLE, SCHEMA, Store
from wandb_compat.server.storage.ingest_buffer import IngestBuffer

LINE = b'{"time": 1, "step": 1, "data": {"m": 1}}'
TEXT = b'{"time": 1, "step": 1, "dataType": "string-series", "logName": "t", "data": "x"}'
LOG = b'{"time": 1, "message": "x", "lineNumber": 1, "logType": "INFO"}'
FILE = {"fileName": "f", "fileSize": 600, "fileType": "txt", "time": 1, "logName": "l", "step": 0}


def new_run(store: Store) -> int:
    """Create a run and return its number."""
    return int(runs.create(store, Fields({"runName": "r", "projectName": "p"}), "")["runId"])


def of(run: int, **more: Any) -> Query:
    """Return a query about a run."""
    return Query({"runId": str(run), "projectName": "p", **more})


def test_acknowledged_rows_are_stored_after_the_delay_and_forgotten_at_a_restart(tmp_path: Path) -> None:
    """As the real ingest service does; files wait with the rows, and a bad line does not hold up those before it."""
    now = [0.0]
    store = Store(tmp_path / "data", options=Limits(storage_delay=5.0))
    store.buffer = IngestBuffer(5.0, clock=lambda: now[0])
    run = new_run(store)
    ingest.metrics(store, run, LINE)
    with pytest.raises(RequestError):
        ingest.logs(store, run, LOG + b"\nbad")
    blobs.presign(store, run, {"files": [FILE]}, "", Limits())
    now[0] = 4.9
    store.store_due()
    assert metrics.metrics(store, of(run), "")["metrics"] == []
    now[0] = 5.0
    ingest.data(store, run, TEXT)
    store.store_due()
    assert len(metrics.metrics(store, of(run), "")["metrics"]) == 1
    assert run_data.logs(store, of(run), "")["total"] == 1
    assert len(run_data.files(store, of(run), lambda *_: "")["files"]) == 1
    store.close()
    store = Store(tmp_path / "data")
    assert run_data.data(store, of(run), "")["data"] == []
    store.close()


@pytest.mark.parametrize("keep", [0, 1])
def test_what_is_sent_twice_is_kept_twice_on_demand(tmp_path: Path, keep: int) -> None:
    """The real server keeps texts, console lines and announcements that are sent again; numbers are never doubled."""
    store = Store(tmp_path / "data", options=Limits(keep_duplicates=keep))
    run = new_run(store)
    for _ in range(2):
        ingest.metrics(store, run, LINE)
        ingest.data(store, run, TEXT)
        ingest.logs(store, run, LOG)
        blobs.presign(store, run, {"files": [FILE]}, "", Limits())
    assert len(run_data.files(store, of(run), lambda *_: "")["files"]) == 1 + keep
    (shown,) = views.runs(store, Query({"runs": str(run)}))["files"]
    assert (shown["name"], shown["count"], shown["bytes"]) == ("l", 1, 600)
    assert len(metrics.metrics(store, of(run), "")["metrics"]) == 1
    assert len(run_data.data(store, of(run), "")["data"]) == 1 + keep
    assert run_data.logs(store, of(run), "")["total"] == 1 + keep
    store.close()


def test_statistics_and_names_come_late_on_demand(tmp_path: Path) -> None:
    """They show what the last update saw; points are there at once."""
    store = Store(tmp_path / "data", options=Limits(statistics_delay=300.0))
    run = new_run(store)
    ingest.metrics(store, run, LINE)
    assert len(metrics.metrics(store, of(run), "")["metrics"]) == 1
    assert metrics.statistics(store, of(run), "")["metrics"] == []
    assert metrics.metric_names(store, of(run), "")["metricNames"] == []
    metrics.update_statistics(store)
    ingest.metrics(store, run, LINE.replace(b'"step": 1', b'"step": 2'))
    (entry,) = metrics.statistics(store, of(run), "")["metrics"]
    assert (entry["logName"], entry["count"], entry["last"]) == ("m", 1, {"step": 1, "value": 1.0})
    assert metrics.metric_names(store, of(run), "")["metricNames"] == ["m"]
    store.close()


def test_announced_sizes_count_towards_the_quota_each_time(tmp_path: Path) -> None:
    """Whether the files are uploaded or not; then new runs are refused, and what runs goes on."""
    store = Store(tmp_path / "data", options=Limits(quota=1000, keep_duplicates=1))
    run = new_run(store)
    for _ in range(2):
        blobs.presign(store, run, {"files": [FILE]}, "", Limits())
    with pytest.raises(RequestError, match="Organization is at limit") as refusal:
        new_run(store)
    assert refusal.value.status == 400
    ingest.metrics(store, run, LINE)
    store.close()


def test_a_folder_of_the_second_format_is_upgraded(tmp_path: Path) -> None:
    """Everything in it is still there."""
    folder = tmp_path / "data"
    folder.mkdir()
    old = sqlite3.connect(folder / "pluto.db")
    old.executescript(SCHEMA.replace("    notes TEXT,\n", "") + BUCKET_TABLE)
    old.executescript(
        """
        CREATE TABLE datum (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, name TEXT NOT NULL, step INTEGER NOT NULL,
            time INTEGER NOT NULL, type TEXT NOT NULL, digest BLOB NOT NULL, data TEXT NOT NULL,
            UNIQUE (run, name, step, time, type, digest));
        CREATE TABLE console (run INTEGER NOT NULL, line INTEGER NOT NULL, time INTEGER NOT NULL, type TEXT NOT NULL,
            message TEXT NOT NULL, PRIMARY KEY (run, line, time, type, message)) WITHOUT ROWID;
        CREATE TABLE file (run INTEGER NOT NULL, log_name TEXT NOT NULL, step INTEGER NOT NULL,
            sample INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, size INTEGER NOT NULL,
            time INTEGER NOT NULL, caption TEXT, annotations TEXT,
            PRIMARY KEY (run, log_name, step, sample, name)) WITHOUT ROWID;
        INSERT INTO project VALUES (1, 'p', 'P', 1, 1, 1);
        INSERT INTO run (id, project, number, display, name, status, created, updated, status_updated, seen)
            VALUES (7, 1, 1, 'P-1', 'r', 'RUNNING', 1, 1, 1, 1);
        INSERT INTO datum VALUES (1, 7, 't', 1, 1, 'string-series', x'00', 'x');
        INSERT INTO console VALUES (7, 1, 1, 'INFO', 'x');
        INSERT INTO file VALUES (7, 'l', 0, 0, 'f', 'txt', 1, 1, NULL, NULL);
        PRAGMA user_version = 2;
        """
    )
    old.close()
    store = Store(folder)
    assert [entry["data"] for entry in run_data.data(store, of(7), "")["data"]] == ["x"]
    assert run_data.logs(store, of(7), "")["total"] == 1
    assert [file["fileName"] for file in run_data.files(store, of(7), lambda *_: "")["files"]] == ["f"]
    assert run_data.details(store, Query({"runId": "7"}), "")["statusUpdated"] is not None
    assert json.dumps(run_data.status_history(store, Query({"runId": "7"}), ""))
    store.close()
