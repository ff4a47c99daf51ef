"""The data folder: SQLite database in WAL mode, uploaded files, key, and a lock that allows one server."""

from __future__ import annotations

import contextlib
import re
import secrets
import sqlite3
import string
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from wandb_compat.config.credentials import fault
from wandb_compat.server.limits import Limits
from wandb_compat.server.storage.downsampling_backlog import DownsamplingBacklog
from wandb_compat.server.storage.ingest_buffer import IngestBuffer, Write
from wandb_compat.system.file_access import private_opener
from wandb_compat.system.locks import FileLock, Timeout

ANSI_COLORS = re.compile(r"\x1b\[[0-9;]*m")
IS_FINITE = "value IS NOT NULL AND abs(value) < 9e999"  # values that charts can draw
SCHEMA_VERSION = 5  # of the schema below

# Derived from the metrics, see downsampling.py; folders of version 1 do not have it.
BUCKET_TABLE = """
CREATE TABLE thin (
    series INTEGER NOT NULL, level INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, data BLOB NOT NULL);
CREATE UNIQUE INDEX thin_place ON thin (series, level, first, last);
"""

SAVED_VIEW_TABLE = """
CREATE TABLE IF NOT EXISTS saved_view (            -- a project may have views before its first run
    project TEXT NOT NULL, name TEXT NOT NULL, query TEXT NOT NULL, layout TEXT NOT NULL, updated INTEGER NOT NULL,
    PRIMARY KEY (project, name)) WITHOUT ROWID;
"""

# Files that may be in a data folder before its first server.
SERVER_FILES = {"lock", "server.log"}

OWN_TABLES = {"project", "run", "series", "metric"}  # by which our databases are known

DATA_TABLES = """
CREATE TABLE datum (                 -- non-numeric values: texts, histograms, tables; `copy` tells duplicates apart
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run, name TEXT NOT NULL, step INTEGER NOT NULL,
    time INTEGER NOT NULL, type TEXT NOT NULL, digest BLOB NOT NULL, data TEXT NOT NULL,
    copy INTEGER NOT NULL DEFAULT 0, UNIQUE (run, name, step, time, type, digest, copy));

CREATE TABLE console (
    run INTEGER NOT NULL REFERENCES run, line INTEGER NOT NULL, time INTEGER NOT NULL, type TEXT NOT NULL,
    message TEXT NOT NULL, copy INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (run, line, time, type, message, copy)) WITHOUT ROWID;

CREATE TABLE file (                  -- a row for each time that a file was announced
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run, log_name TEXT NOT NULL, step INTEGER NOT NULL,
    sample INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, size INTEGER NOT NULL, time INTEGER NOT NULL,
    caption TEXT, annotations TEXT);
CREATE INDEX file_key ON file (run, log_name, step, sample);

CREATE TABLE IF NOT EXISTS statistic (  -- of the finite values, where statistics are updated at intervals only
    series INTEGER PRIMARY KEY, numbers TEXT NOT NULL);
"""

SCHEMA = """
CREATE TABLE project (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, prefix TEXT NOT NULL,
    runs INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL, updated INTEGER NOT NULL);

CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT, project INTEGER NOT NULL REFERENCES project, number INTEGER NOT NULL,
    display TEXT NOT NULL, external TEXT, name TEXT NOT NULL, status TEXT NOT NULL, tags TEXT NOT NULL DEFAULT '[]',
    config TEXT, metadata TEXT, settings TEXT, status_metadata TEXT, graph TEXT,
    notes TEXT,
    parent INTEGER, fork_step INTEGER,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, status_updated INTEGER NOT NULL,
    heartbeat INTEGER,               -- time of the last heartbeat
    seen INTEGER NOT NULL,           -- time of the last request of the run, by the server's clock
    newest INTEGER,                  -- the latest time of a metric, by the client's clock
    color TEXT, archived INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER,                 -- when; such a run has the negated number of its project, see run_edits.py
    UNIQUE (project, number), UNIQUE (project, external));
CREATE VIEW project_run AS
    SELECT run.*, project.name AS project_name FROM run JOIN project ON project.id = run.project;
CREATE INDEX run_display ON run (display);
CREATE INDEX run_running ON run (seen) WHERE status = 'RUNNING';
CREATE INDEX run_deleted ON run (deleted) WHERE deleted IS NOT NULL;

CREATE TABLE status_event (
    run INTEGER NOT NULL REFERENCES run, before TEXT, after TEXT NOT NULL, source TEXT NOT NULL, metadata TEXT,
    time INTEGER NOT NULL);
CREATE INDEX status_event_run ON status_event (run);

CREATE TABLE log_name (
    run INTEGER NOT NULL REFERENCES run, name TEXT NOT NULL, type TEXT NOT NULL, PRIMARY KEY (run, name)) WITHOUT ROWID;

CREATE TABLE series (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run, name TEXT NOT NULL, UNIQUE (run, name));
CREATE TABLE metric (                -- value NULL is NaN, which SQLite cannot store; infinities are stored as such
    series INTEGER NOT NULL, step INTEGER NOT NULL, time INTEGER NOT NULL, value REAL,
    PRIMARY KEY (series, step)) WITHOUT ROWID;

CREATE TABLE alert (
    run INTEGER NOT NULL REFERENCES run, time INTEGER NOT NULL, level TEXT NOT NULL, title TEXT NOT NULL,
    body TEXT NOT NULL, url TEXT, UNIQUE (run, time, level, title, body));
"""


class DataFolderError(Exception):
    """The data folder cannot be served; the message gives the reason and what to do."""


class Store:
    """An open data folder.

    Args:
        folder: the data folder; created if missing.
        clock: returns seconds since the epoch.
        options: limits and behaviours.

    Raises:
        DataFolderError: another server uses the folder, a newer version wrote it, or it is not a data folder.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time, options: Limits | None = None) -> None:
        self.folder = folder
        self.options = options or Limits()
        self.buffer = IngestBuffer(self.options.storage_delay)
        self._clock = clock
        try:
            self._open(folder)
        except sqlite3.OperationalError as error:
            raise DataFolderError(
                f"SQLite cannot use the data folder {folder} ({error}). Its disk may lack file locks, be full or be "
                "read-only: choose a folder on a local disk."
            ) from None
        except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
            raise DataFolderError(
                f"The data folder {folder} cannot be used ({error.strerror}: {error.filename}). "
                "Choose one that you can write, with --data."
            ) from None
        except (OSError, sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise DataFolderError(
                f"The data folder {folder} is damaged, was not written by this server, or cannot be used ({error}). "
                "Move its files pluto.db* or key away, or choose another folder with --data."
            ) from None

    def _open(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = {entry.name for entry in folder.iterdir()}
        if found - SERVER_FILES and not found & {"key", "pluto.db"}:
            raise DataFolderError(
                f"The folder {folder} is not empty and has no data of this server. Choose a new or an empty folder."
            )
        with contextlib.suppress(OSError):  # a disk without permissions, such as exFAT or CIFS
            folder.chmod(0o700)
        self._folder_lock = FileLock(folder / "lock")
        try:
            self._folder_lock.acquire(timeout=0)
        except Timeout:
            raise DataFolderError(
                f"Another server is using the data folder {folder}. Stop it first, or choose another folder."
            ) from None
        try:
            self.key_file = folder / "key"
            self.key = _read_or_create_key(self.key_file)
            self.signed_out = folder / "signed_out"  # sessions of the page that were ended
            if self.signed_out.exists():
                self.signed_out.open("rb").close()
            self.files = folder / "files"
            self.files.mkdir(mode=0o700, exist_ok=True)
            for unfinished in self.files.glob("*/incoming-*"):  # uploads that a killed server did not finish
                unfinished.unlink(missing_ok=True)
            self._readers: list[sqlite3.Connection] = []
            self._write_lock = threading.Lock()
            _check_database(folder / "pluto.db")
            self._writer = self._connect()
            self._prepare()
            self.backlog = DownsamplingBacklog.load(self._writer)
        except BaseException:
            self._folder_lock.release()
            raise

    def now(self) -> int:
        """Return the time in milliseconds since the epoch."""
        return int(self._clock() * 1000)

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Enter a write transaction: committed to disk when the block ends, rolled back if it raises. One at a time."""
        with self._write_lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def write_acknowledged(self, write: Write) -> None:
        """Store what an ingest request sent: at once, or after the storage delay."""
        if self.options.storage_delay:
            self.buffer.add(write)
            return
        with self.write() as connection:
            write(connection)

    def store_due(self) -> None:
        """Store the acknowledged writes that are due."""
        due = self.buffer.take_due()
        if due:
            with self.write() as connection:
                for write in due:
                    write(connection)

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Enter a read transaction on the last committed state; never waits for writers."""
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = self._connect()
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("ROLLBACK")
            self._readers.append(connection)

    def close(self) -> None:
        """Close the database and release the folder."""
        with self._write_lock:
            for connection in self._readers:
                connection.close()
            self._writer.close()
            self._folder_lock.release()

    def _connect(self) -> sqlite3.Connection:
        # Handlers run on a thread pool; `write` and `read` give a connection to one thread at a time.
        connection = sqlite3.connect(self.folder / "pluto.db", isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        # Console lines are searched without their colour codes.
        connection.create_function("plain", 1, lambda text: ANSI_COLORS.sub("", text), deterministic=True)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # an acknowledged request survives a power cut
        connection.execute("PRAGMA cache_size = -32000")  # kilobytes
        return connection

    def _prepare(self) -> None:
        version = self._writer.execute("PRAGMA user_version").fetchone()[0]
        if version == SCHEMA_VERSION:
            return
        if version > SCHEMA_VERSION:
            raise DataFolderError(
                f"The data folder {self.folder} has format {version}, this server knows format {SCHEMA_VERSION}. "
                "Use the wandb-compat version that wrote it, or choose another folder."
            )
        if version == 0:
            statements = SCHEMA + DATA_TABLES + BUCKET_TABLE + SAVED_VIEW_TABLE
        else:
            statements = BUCKET_TABLE if version == 1 else ""
            statements += (self._upgrade_to_3() if version < 3 else "") + (self._upgrade_to_4() if version < 4 else "")
            statements += SAVED_VIEW_TABLE
        self._writer.executescript(f"BEGIN; {statements} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")

    def _upgrade_to_3(self) -> str:
        """Return the statements that let texts, console lines and files be there more than once, and add notes."""
        columns = {row["name"] for row in self._writer.execute("PRAGMA table_info(run)")}
        statements = "" if "notes" in columns else "ALTER TABLE run ADD COLUMN notes TEXT; "
        statements += "DROP INDEX IF EXISTS file_key; "
        copies = {
            "datum": "id, run, name, step, time, type, digest, data",
            "console": "run, line, time, type, message",
            "file": "run, log_name, step, sample, name, type, size, time, caption, annotations",
        }
        statements += "".join(f"ALTER TABLE {table} RENAME TO old_{table}; " for table in copies)
        statements += DATA_TABLES
        for table, names in copies.items():
            statements += f"INSERT INTO {table} ({names}) SELECT {names} FROM old_{table}; DROP TABLE old_{table}; "
        return statements

    def _upgrade_to_4(self) -> str:
        """Return the statements that add what is edited on the page."""
        columns = {row["name"] for row in self._writer.execute("PRAGMA table_info(run)")}
        added = {"color": "TEXT", "archived": "INTEGER NOT NULL DEFAULT 0", "deleted": "INTEGER"}
        statements = "".join(
            f"ALTER TABLE run ADD COLUMN {name} {kind}; " for name, kind in added.items() if name not in columns
        )
        return statements + "CREATE INDEX IF NOT EXISTS run_deleted ON run (deleted) WHERE deleted IS NOT NULL; "


def _check_database(file: Path) -> None:
    """Raise sqlite3.DatabaseError for the database of another program, without changing it."""
    if file.exists() and not file.is_file():
        raise sqlite3.DatabaseError("pluto.db is not a file")
    if not file.exists() or not file.stat().st_size:
        return
    with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if (version == 0 and tables) or (0 < version <= SCHEMA_VERSION and not tables >= OWN_TABLES):
        raise sqlite3.DatabaseError("pluto.db belongs to another program")


def _read_or_create_key(file: Path) -> str:
    letters = string.ascii_letters + string.digits
    key = "mlpi_" + "".join(secrets.choice(letters) for _ in range(16))
    try:
        with open(file, "x", encoding="ascii", opener=private_opener) as stream:
            stream.write(key + "\n")
    except FileExistsError:
        key = file.read_text(encoding="ascii").strip()
        reason = fault(key) if key else "is empty."
        if reason is not None:
            raise DataFolderError(f"The key in the file {file} {reason} Delete the file to get a new key.") from None
    return key
