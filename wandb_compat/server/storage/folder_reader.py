"""Reads the runs of a data folder without a server, and without changing it: also while its server uses it.

The folder may come from another machine, so nothing in it is trusted: no code of the database runs, and no file outside
the folder is read.
"""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from wandb_compat.server.storage.blobs import content_path
from wandb_compat.server.storage.database import OWN_TABLES, SCHEMA_VERSION
from wandb_compat.wire.run_content import DamagedRun, FileEntry, Line, Mark, RunFields

FILE = "pluto.db"
TABLES = OWN_TABLES | {"log_name", "datum", "console", "file", "alert"}
PAGE = 5000  # rows that are fetched at once
RUN = (
    "SELECT run.*, project.name AS project_name FROM run JOIN project ON project.id = run.project"
    " WHERE run.id = ? ORDER BY run.id"
)


class NoDataFolder(Exception):
    """The path is not that of a readable data folder of the embedded server; the message gives the reason."""


def is_data_folder(path: Path) -> bool:
    """Return whether a directory looks like a data folder."""
    return (path / FILE).is_file()


class FolderReader:
    """The runs of a data folder; a `wire.run_content.RunReader`. May be used by several threads.

    Args:
        folder: the data folder.

    Raises:
        NoDataFolder: it is not one, is damaged, or was written by a newer version.
    """

    def __init__(self, folder: Path) -> None:
        self.lacks: list[str] = []
        self._folder = folder
        self._file = folder / FILE
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []
        if not self._is_inside(self._file):
            raise NoDataFolder(f"{self._file} leads out of the folder")
        try:
            self._numbers = [row[0] for row in self._connection().execute("SELECT id FROM run ORDER BY id")]
            self._columns = {row["name"] for row in self._connection().execute("PRAGMA table_info(run)")}
        except sqlite3.DatabaseError as error:
            raise NoDataFolder(f"{self._file} cannot be read: {error}") from None

    def runs(self) -> Iterator[RunFields | DamagedRun]:
        """Yield all runs in the order of their numbers, and what is wrong with those that cannot be read."""
        for number in self._numbers:
            try:
                with self._named(number, "run"):
                    yield self._run(number)
            except DamagedRun as error:
                yield error

    def _run(self, number: int) -> RunFields:
        row = self._connection().execute(RUN, (number,)).fetchone()
        if row is None:
            raise ValueError("its project is missing")
        config = _document(row, "config")
        return RunFields(
            number=number,
            project=_text(row, "project_name"),
            id=_text(row, "external") if row["external"] is not None else "",
            display_id=_text(row, "display"),
            name=_text(row, "name"),
            status=_text(row, "status"),
            created=_whole(row, "created"),
            ended=_whole(row, "status_updated") if _whole(row, "status_updated") >= 0 else None,
            version=f"{row['status']} {row['updated']} {row['seen']}",
            tags=[str(tag) for tag in json.loads(row["tags"])],
            config=config or {},
            metadata=_document(row, "metadata") or {},
            settings=_document(row, "settings") or {},
            reason=_document(row, "status_metadata"),
            notes=row["notes"] if "notes" in self._columns else None,
            parent=row["parent"],
            fork_step=row["fork_step"],
        )

    def mark(self, number: int) -> Mark:
        """Return how far a run can be read now."""
        with self._named(number, "datum"):
            connection = self._connection()
            found: Mark = {
                table: connection.execute(
                    f"SELECT coalesce(max(id), 0) FROM {table} WHERE run = ?", (number,)
                ).fetchone()[0]
                for table in ("datum", "file")
            }
            lines = connection.execute("SELECT type, max(line) FROM console WHERE run = ? GROUP BY type", (number,))
            return {**found, "lines": {row[0]: row[1] for row in lines}}

    def keys(self, number: int) -> list[tuple[str, str]]:
        """Return the registered keys of a run, and the type of each."""
        return [
            (row[0], row[1]) for row in self._all(number, "log_name", "SELECT name, type FROM log_name WHERE run = ?")
        ]

    def rows(self, number: int) -> Iterator[Line]:
        """Yield the numbers of a run, those of one step and time together, in order of steps."""
        statement = (
            "SELECT metric.step, metric.time, series.name, metric.value FROM series"
            " JOIN metric ON metric.series = series.id WHERE series.run = ? ORDER BY metric.step, metric.time"
        )
        current: Line | None = None
        for step, time, name, value in self._all(number, "metric", statement):
            if current is None or current["step"] != step or current["time"] != time:
                if current is not None:
                    yield current
                current = {"time": time, "step": step, "data": {}}
            current["data"][name] = math.nan if value is None else value
        if current is not None:
            yield current

    def values(self, number: int, after: Mark) -> Iterator[Line]:
        """Yield texts, histograms, tables and other documents that came after a mark."""
        statement = "SELECT time, step, type, name, data FROM datum WHERE run = ? AND id > ? ORDER BY id"
        for time, step, kind, name, data in self._all(number, "datum", statement, after.get("datum", 0)):
            yield {"time": time, "step": step, "dataType": kind, "logName": name, "data": data}

    def console(self, number: int, after: Mark) -> Iterator[Line]:
        """Yield the console lines that came after a mark."""
        seen = after.get("lines", {})
        statement = "SELECT time, message, line, type FROM console WHERE run = ? ORDER BY line, time"
        for time, message, line, kind in self._all(number, "console", statement):
            if line > seen.get(kind, -1):
                yield {"time": time, "message": message, "lineNumber": line, "logType": kind}

    def files(self, number: int, after: Mark) -> Iterator[FileEntry]:
        """Yield the files that were announced after a mark."""
        statement = (
            "SELECT log_name, name, type, time, step, sample, caption, annotations FROM file"
            " WHERE run = ? AND id > ? ORDER BY id"
        )
        yield from (FileEntry(*row) for row in self._all(number, "file", statement, after.get("file", 0)))

    def fetch(self, number: int, file: FileEntry, folder: Path) -> Path | None:
        """Return the path of a file's bytes, None if they were never uploaded.

        Raises:
            DamagedRun: a link leads out of the folder.
        """
        path = content_path(self._folder / "files", number, file.key, file.name)
        if not path.exists():
            return None
        if not self._is_inside(path) or not path.is_file():
            raise DamagedRun(f"{path}: leads out of the folder, or is not a file")
        return path

    def alerts(self, number: int) -> list[Mapping[str, Any]]:
        """Return the alerts: time, level, title and body of each."""
        statement = "SELECT time, level, title, body FROM alert WHERE run = ? ORDER BY time, rowid"
        return [dict(row) for row in self._all(number, "alert", statement)]

    def graph(self, number: int) -> Mapping[str, Any] | None:
        """Return the graph of the model, None without one."""
        with self._named(number, "graph"):
            return _document(
                self._connection().execute("SELECT graph FROM run WHERE id = ?", (number,)).fetchone(), "graph"
            )

    def close(self) -> None:
        """Close the database."""
        for connection in self._open:
            connection.close()

    def _all(self, number: int, place: str, statement: str, *more: Any) -> Iterator[sqlite3.Row]:
        with self._named(number, place):
            cursor = self._connection().execute(statement, (number, *more))
            while page := cursor.fetchmany(PAGE):
                yield from page

    @contextlib.contextmanager
    def _named(self, number: int, place: str) -> Iterator[None]:
        """Name the run and the table of what cannot be read."""
        try:
            yield
        except (sqlite3.Error, ValueError, TypeError, KeyError, RecursionError) as error:
            raise DamagedRun(f"{self._file}: run {number}, {place}: {error}") from error

    def _is_inside(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self._folder.resolve())

    def _connection(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _connect(self._file)
            self._open.append(connection)
        return connection


def _connect(file: Path) -> sqlite3.Connection:
    """Open a database for reading; one on a disk that cannot be written only if no writes wait in its log."""
    log = file.with_name(f"{file.name}-wal")
    address = f"{file.absolute().as_uri()}?mode=ro"
    try:
        return _checked(address, file)
    except sqlite3.OperationalError:
        if log.exists() and log.stat().st_size:
            raise NoDataFolder(
                f"{file} cannot be read where it is: its server was not stopped cleanly, and the folder cannot be"
                " written. Copy the whole folder first"
            ) from None
        return _checked(f"{address}&immutable=1", file)


def _checked(address: str, file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        for pragma in ("query_only = ON", "trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"):
            connection.execute(f"PRAGMA {pragma}")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if version > SCHEMA_VERSION:
            raise NoDataFolder(
                f"{file} has format {version}; this version of wandb-compat reads up to {SCHEMA_VERSION}"
            )
        if version < 1 or not tables >= TABLES:  # a view of one of these names could be anything
            raise NoDataFolder(f"{file} is not a database of the embedded server")
    except BaseException:
        connection.close()
        raise
    return connection


def _text(row: sqlite3.Row, name: str) -> str:
    if not isinstance(row[name], str):
        raise ValueError(f"{name} is not text")
    return str(row[name])


def _whole(row: sqlite3.Row, name: str) -> int:
    if not isinstance(row[name], int):
        raise ValueError(f"{name} is not a whole number")
    return int(row[name])


def _document(row: sqlite3.Row, name: str) -> dict[str, Any] | None:
    if row[name] is None:
        return None
    try:
        found = json.loads(row[name])
    except ValueError as error:
        raise ValueError(f"{name} is not JSON: {error}") from None
    return found if isinstance(found, dict) else None
