"""What a person changes about runs: all or nothing, undone for a day, and what is removed afterwards."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from wandb_compat.server import removal
from wandb_compat.server.limits import Limits
from wandb_compat.server.page import views
from wandb_compat.server.params import Fields, Query, RequestError
from wandb_compat.server.query import metrics, run_data, run_list
from wandb_compat.server.storage import blobs, downsampling, ingest, run_edits, run_updates, runs
from wandb_compat.server.storage.database import Store

DAY = 86400


class Folder:
    """A data folder with a clock, and its runs."""

    def __init__(self, path: Path) -> None:
        self.now = 1_000_000.0
        self.path = path
        self.store = Store(path, clock=lambda: self.now)

    def run(self, name: str = "r", ended: bool = True, **more: Any) -> int:
        run = int(runs.create(self.store, Fields({"runName": name, "projectName": "p", **more}), "")["runId"])
        ingest.metrics(self.store, run, b'{"time": 1, "step": 1, "data": {"m": 1, "n": 2}}')
        if ended:
            runs.update_status(self.store, Fields({"runId": run, "status": "COMPLETED"}), "")
        return run

    def file(self, run: int, log_name: str, name: str, content: bytes = b"x") -> Path:
        entry = {
            "logName": log_name,
            "fileName": name,
            "fileType": "bin",
            "fileSize": len(content),
            "time": 1,
            "step": 0,
        }
        blobs.presign(self.store, run, {"files": [entry]}, "", Limits(), "p")
        path = blobs.blob_path(self.store, run, log_name, name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return path

    def edit(self, run: int, **changes: Any) -> None:
        run_edits.edit(self.store, Fields({"runs": [run], **changes}))

    def row(self, run: int) -> sqlite3.Row:
        with self.store.read() as connection:
            row: sqlite3.Row = connection.execute("SELECT * FROM run WHERE id = ?", (run,)).fetchone()
            return row

    def listed(self) -> list[str]:
        return [run["name"] for run in run_list.runs(self.store, Query({"projectName": "p"}), "")["runs"]]


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    made = Folder(tmp_path / "data")
    yield made
    made.store.close()


def test_an_edit_shows_in_every_answer(folder: Folder) -> None:
    """The list of the real server's routes has the new name and tags; the marks of the client stay."""
    run = folder.run(tags=["group:old", "sweep:s", "a"], config=json.dumps({"lr": 1, "wandb": {"group": "old"}}))
    before = views.change_token(folder.store, [run], None), views.change_token(folder.store, [], "p")
    folder.now += 1
    long = "n" * 3000
    folder.edit(run, name="new", notes=long, tags=["b"], group="g", color="#12ab9f", archived=True)
    row = folder.row(run)
    assert (row["name"], row["color"], row["archived"]) == ("new", "#12ab9f", 1)
    assert row["notes"] == long[:1000]
    assert json.loads(row["tags"]) == ["sweep:s", "b", "group:g"]
    assert json.loads(row["config"]) == {"lr": 1, "wandb": {"group": "g", "name": "new", "notes": long}}
    assert folder.listed() == ["new"]
    assert (views.change_token(folder.store, [run], None), views.change_token(folder.store, [], "p")) != before
    folder.edit(run, addTags=["c", "b"], removeTags=["sweep:s", "b"], group=None, color=None, archived=False)
    row = folder.row(run)
    assert json.loads(row["tags"]) == ["sweep:s", "c"]
    assert (row["color"], row["archived"], row["name"]) == (None, 0, "new")
    assert json.loads(row["config"])["wandb"]["group"] is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "blank"),
        ({"name": "x" * 256}, "255"),
        ({"name": "\0"}, "NUL"),
        ({"notes": 1}, "text"),
        ({"notes": "x" * 50_001}, "50000"),
        ({"tags": ["group:x"]}, "cannot be a tag"),
        ({"addTags": ["  "]}, "cannot be a tag"),
        ({"addTags": [str(number) for number in range(51)]}, "50 tags"),
        ({"color": "red;background:url(x)"}, "color"),
        ({"archived": "yes"}, "true or false"),
        ({"runs": []}, "1 to 1000"),
        ({"runs": "all"}, "1 to 1000"),
        ({"runs": [[1]]}, "number"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(folder: Folder, changes: dict[str, Any], words: str) -> None:
    """The first run of a selection stays as it is if the second cannot be changed."""
    first, second = folder.run(), folder.run()
    before = [tuple(folder.row(run)) for run in (first, second)]
    with pytest.raises(RequestError, match=words):
        run_edits.edit(folder.store, Fields({"runs": [first, second], "archived": True, **changes}))
    with pytest.raises(RequestError, match="Run not found") as refusal:
        run_edits.edit(folder.store, Fields({"runs": [first, 99], "archived": True}))
    assert refusal.value.status == 404
    assert [tuple(folder.row(run)) for run in (first, second)] == before


def test_a_deleted_run_is_nowhere_and_comes_back(folder: Folder) -> None:
    """No route knows it, nothing can be logged to it, its id can be used again; a day long it can be restored."""
    run = folder.run("gone", externalId="e")
    run_edits.delete(folder.store, Fields({"runs": [run]}))
    assert folder.listed() == []
    for ask in (
        lambda: run_data.details(folder.store, Query({"runId": str(run)}), ""),
        lambda: views.runs(folder.store, Query({"runs": str(run)})),
        lambda: views.find(folder.store, Query({"run": "e"})),
        lambda: run_updates.trigger(folder.store, Fields({"runId": run}), ""),
        lambda: run_edits.delete(folder.store, Fields({"runs": [run]})),
        lambda: runs.resume(folder.store, Fields({"externalId": "e", "projectName": "p"}), ""),
    ):
        with pytest.raises(RequestError) as refusal:
            ask()
        assert refusal.value.status == 404
    assert views.projects(folder.store, Query({}))["projects"] == []
    folder.now += DAY
    removal.remove_deleted_runs(folder.store)
    run_edits.restore(folder.store, Fields({"runs": [run]}))
    assert folder.listed() == ["gone"]
    statistics = metrics.statistics(folder.store, Query({"runId": str(run), "projectName": "p"}), "")
    assert {one["logName"] for one in statistics["metrics"]} == {"m", "n"}
    run_edits.delete(folder.store, Fields({"runs": [run]}))
    newer = folder.run("newer", externalId="e")
    assert newer != run
    with pytest.raises(RequestError, match="A newer run has the id e") as refusal:
        run_edits.restore(folder.store, Fields({"runs": [run]}))
    assert refusal.value.status == 409


def test_a_running_run_is_not_deleted_but_stopped(folder: Folder) -> None:
    """Its client would create it again; `stop` is what the client's next heartbeat tells."""
    running, ended = folder.run(ended=False), folder.run()
    with pytest.raises(RequestError, match="still running") as refusal:
        run_edits.delete(folder.store, Fields({"runs": [ended, running]}))
    assert refusal.value.status == 409
    run_edits.stop(folder.store, Fields({"runs": [ended, running]}))
    assert run_updates.trigger(folder.store, Fields({"runId": running}), "")["status"] == "CANCELLED"
    assert folder.row(ended)["status"] == "COMPLETED"
    run_edits.delete(folder.store, Fields({"runs": [ended, running]}))
    assert folder.listed() == []


def test_after_a_day_rows_and_files_are_freed(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left of the run, but the bytes that another run's artifact consists of; other runs keep all."""
    monkeypatch.setattr(removal, "PIECE", 2)
    gone, kept = folder.run("gone"), folder.run("kept")
    lines = b"\n".join(b'{"time": 1, "step": %d, "data": {"m": 1}}' % step for step in range(2, 100))
    ingest.metrics(folder.store, gone, lines)
    run_updates.add_alert(folder.store, Fields({"runId": gone, "alert": {"title": "t"}}), "")
    downsampling.run_paced_round(folder.store)
    freed, shared = folder.file(gone, "pictures", "a.png"), folder.file(gone, "artifacts/x", "w.bin")
    contents = {"w.bin": {"run": gone, "key": "artifacts/x", "file": "w.bin"}, "odd": 1}
    folder.file(kept, "artifacts/x", "manifest.json", json.dumps({"contents": contents}).encode())
    mine = folder.file(kept, "pictures", "a.png")
    version = {"id": "1", "order": 0, "time": 1, "digest": "d", "version": 0, "type": "model", "size": 1, "run": kept}
    version |= {"key": "artifacts/x", "manifest": "manifest.json"}
    published = json.dumps({"wandb": {"artifacts": {"x": {"order": 0, "1": json.dumps(version)}}}})
    run_updates.update_config(folder.store, Fields({"runId": kept, "config": published}), "")
    run_edits.delete(folder.store, Fields({"runs": [gone]}))
    folder.now += DAY + 1
    removal.remove_deleted_runs(folder.store)
    assert [freed.exists(), shared.exists(), mine.exists()] == [False, True, True]
    with folder.store.read() as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
            if "run" in columns:
                assert gone not in {row[0] for row in connection.execute(f"SELECT run FROM {table}")}, table
        assert connection.execute("SELECT count(*) FROM metric").fetchone()[0] == 2
        assert connection.execute("SELECT count(*) FROM run").fetchone()[0] == 1
    with pytest.raises(RequestError, match="not found among the deleted"):
        run_edits.restore(folder.store, Fields({"runs": [gone]}))
    new = folder.run("after")
    downsampling.run_paced_round(folder.store)
    with folder.store.read() as connection:
        series = connection.execute("SELECT id FROM series WHERE run = ? AND name = 'm'", (new,)).fetchone()[0]
        assert len(downsampling.buckets(connection, series, 0, 10, 4)) == 1


def test_a_folder_of_the_third_format_is_upgraded(tmp_path: Path) -> None:
    """Its runs can be edited and deleted."""
    folder = Folder(tmp_path / "data")
    run = folder.run()
    folder.store.close()
    with sqlite3.connect(folder.path / "pluto.db") as old:
        old.executescript(
            "DROP INDEX run_deleted; ALTER TABLE run DROP COLUMN color; ALTER TABLE run DROP COLUMN archived;"
            " ALTER TABLE run DROP COLUMN deleted; PRAGMA user_version = 3;"
        )
    old.close()
    folder = Folder(tmp_path / "data")
    folder.edit(run, color="#000000")
    assert folder.row(run)["color"] == "#000000"
    run_edits.delete(folder.store, Fields({"runs": [run]}))
    assert folder.listed() == []
    folder.store.close()
