"""Remove runs for good, a day after they were deleted: their rows and the bytes of their files."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from wandb_compat.server.query.artifact_entries import object_of, own_config, read_entries
from wandb_compat.server.query.run_list import decode_json
from wandb_compat.server.storage import blobs
from wandb_compat.server.storage.database import Store
from wandb_compat.server.storage.run_edits import RESTORABLE

PIECE = 50_000  # points of a series that are removed in one transaction, which others wait for
TABLES = ("datum", "console", "file", "log_name", "alert", "status_event")

Files = set[tuple[str, str]]  # log name and name


def remove_deleted_runs(store: Store) -> None:
    """Remove the runs that were deleted more than a day ago."""
    with store.read() as connection:
        due = connection.execute(
            "SELECT id, project FROM run WHERE deleted IS NOT NULL AND deleted < ?", (store.now() - RESTORABLE,)
        ).fetchall()
    for run in due:
        _remove(store, run["id"], -run["project"])


def _remove(store: Store, run: int, project: int) -> None:
    with store.read() as connection:
        series = [row[0] for row in connection.execute("SELECT id FROM series WHERE run = ?", (run,))]
        files = {tuple(row) for row in connection.execute("SELECT log_name, name FROM file WHERE run = ?", (run,))}
        files -= _files_of_others(store, connection, run, project)
    for one in series:
        _remove_series(store, one)
    for log_name, name in files:
        blobs.blob_path(store, run, log_name, name).unlink(missing_ok=True)
    with store.write() as connection:
        for table in TABLES:
            connection.execute(f"DELETE FROM {table} WHERE run = ?", (run,))
        connection.execute("DELETE FROM run WHERE id = ?", (run,))


def _remove_series(store: Store, series: int) -> None:
    removed = PIECE
    while removed == PIECE:
        with store.write() as connection:
            removed = connection.execute(
                "DELETE FROM metric WHERE series = ? AND step IN (SELECT step FROM metric WHERE series = ? LIMIT ?)",
                (series, series, PIECE),
            ).rowcount
    with store.write() as connection:
        connection.execute("DELETE FROM thin WHERE series = ?", (series,))
        connection.execute("DELETE FROM statistic WHERE series = ?", (series,))
        connection.execute("DELETE FROM series WHERE id = ?", (series,))
        store.backlog.forget(series)


def _files_of_others(store: Store, connection: sqlite3.Connection, run: int, project: int) -> Files:
    """Return the files of a run that artifact versions of other runs consist of: equal bytes are stored once."""
    needed: Files = set()
    rows = connection.execute(
        "SELECT config FROM run WHERE abs(project) = ? AND id != ? AND config LIKE '%\"artifacts\"%'", (project, run)
    )
    for row in rows:
        for published in object_of(own_config(decode_json(row["config"])).get("artifacts")).values():
            for listed in _contents(store, published):
                if listed.get("run") == run:
                    needed.add((str(listed.get("key")), str(listed.get("file"))))
    return needed


def _contents(store: Store, published: Any) -> Iterator[dict[str, Any]]:
    """Yield what the manifests of published versions list."""
    for entry in read_entries(published):
        path = blobs.blob_path(store, entry.run, entry.key, entry.manifest)
        with contextlib.suppress(OSError, ValueError):
            manifest = object_of(json.loads(path.read_bytes()))
            yield from map(object_of, object_of(manifest.get("contents")).values())
