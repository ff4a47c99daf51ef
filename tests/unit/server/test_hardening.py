"""What a careless or hostile request or folder cannot do to the server."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from wandb_compat.server.app import build_app
from wandb_compat.server.auth import PageAuth
from wandb_compat.server.limits import Limits
from wandb_compat.server.params import Fields, Query, RequestError
from wandb_compat.server.query import run_list
from wandb_compat.server.query.bounded_regex import CHILD, Pattern, TooSlow
from wandb_compat.server.storage import downsampling, ingest, runs
from wandb_compat.server.storage.database import DataFolderError, Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An open data folder."""
    return Store(tmp_path / "data")


def test_a_pattern_that_takes_too_long_is_given_up(store: Store) -> None:
    """With 400 and the pattern; the next pattern works."""
    fields = {"runName": "r", "projectName": "p", "config": json.dumps({"a": "x" * 40})}
    runs.create(store, Fields(fields), "")

    def found(pattern: str) -> int:
        text = json.dumps({"config.a": {"$regex": pattern}})
        return int(run_list.runs(store, Query({"projectName": "p", "filter": text}), "")["total"])

    with pytest.raises(RequestError, match="takes too long") as refusal:
        found("(x+)+$y")
    assert refusal.value.status == 400
    assert (found("^x+$"), found("^x*y"), found("xxx"), found("y")) == (1, 0, 1, 0)
    store.close()


@pytest.mark.parametrize("text", ["", "a\nb", "é猫\U0001f680", '"quoted"', "x" * 30_000])
def test_patterns_agree_with_the_engine_of_python(text: str) -> None:
    """In the child process and here."""
    for source in ("a|b", "^.*$", "猫+", "x{3}", "quoted", '"'):
        assert Pattern(source).search(text) == (re.search(source, text[:20_000]) is not None)


def test_the_time_of_a_pattern_is_that_of_all_its_matches() -> None:
    """Once it is used up no further text is searched."""
    pattern = Pattern("(x+)+$y")
    for _ in range(2):
        with pytest.raises(TooSlow):
            pattern.search("x" * 40)
    with pytest.raises(re.error):
        Pattern("(")


@pytest.mark.parametrize(("name", "content"), [("pluto.db", b"no database" * 100), ("key", b"\xff\xfe")])
def test_a_damaged_folder_gets_a_reason(tmp_path: Path, name: str, content: bytes) -> None:
    """And the lock is free again."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / name).write_bytes(content)
    for _ in range(2):
        with pytest.raises(DataFolderError, match="damaged"):
            Store(folder)
    (folder / name).unlink()
    if name == "key":
        (folder / "pluto.db").touch()
    Store(folder).close()


def foreign(folder: Path, version: int) -> None:
    """Put the database of another program into a folder."""
    with contextlib.closing(sqlite3.connect(folder / "pluto.db")) as connection:
        connection.execute("CREATE TABLE bookmark (url TEXT)")
        connection.execute(f"PRAGMA user_version = {version}")
        connection.commit()


ODD_FOLDERS = {
    "a file": lambda folder: (folder.rmdir(), folder.write_text("x")),
    "database is a folder": lambda folder: (folder / "pluto.db").mkdir(),
    "another program's": lambda folder: foreign(folder, 0),
    "another program's, of our version": lambda folder: foreign(folder, 3),
    "key is a folder": lambda folder: (folder / "key").mkdir(),
    "key is long": lambda folder: (folder / "key").write_text("x" * 100_000),
    "key has lines": lambda folder: (folder / "key").write_text("a\nb"),
    "key is empty": lambda folder: (folder / "key").touch(),
    "files is a file": lambda folder: ((folder / "files").touch(), (folder / "pluto.db").touch()),
    "lock is a folder": lambda folder: ((folder / "lock").mkdir(), (folder / "pluto.db").touch()),
}


@pytest.mark.parametrize("odd", ODD_FOLDERS)
def test_an_odd_folder_gets_a_reason_and_stays_as_it_is(tmp_path: Path, odd: str) -> None:
    """Nothing in it is changed, and the sentence names the folder and a way out."""
    folder = tmp_path / "data"
    folder.mkdir()
    ODD_FOLDERS[odd](folder)
    database = folder / "pluto.db"
    before = database.read_bytes() if database.is_file() else None
    for _ in range(2):
        with pytest.raises(DataFolderError, match=r"data.*(choose another folder|to get a new key)"):
            Store(folder)
    if before:
        assert database.read_bytes() == before


def test_a_database_that_breaks_while_it_is_served_gets_a_reason(store: Store) -> None:
    """503, so that clients keep their rows, and a sentence on what to do."""
    app = build_app(store, Limits())
    with store.write() as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET rootpage = 99999 WHERE name = 'project'")
    store._readers.clear()
    answer = TestClient(app).get("/api/runs/projects", headers={"Authorization": f"Bearer {store.key}"})
    assert answer.status_code == 503 and "repair it" in answer.json()["error"]


def test_unfinished_uploads_are_removed_at_the_next_start(store: Store) -> None:
    """A killed server leaves them behind."""
    part = store.files / "ab" / "incoming-1"
    part.parent.mkdir()
    part.write_bytes(b"x")
    whole = part.with_name("ab12")
    whole.write_bytes(b"x")
    store.close()
    Store(store.folder).close()
    assert (part.exists(), whole.exists()) == (False, True)


def test_a_session_that_was_ended_stays_ended(tmp_path: Path) -> None:
    """After a restart too; others go on, and forged ones are not stored."""
    auth = PageAuth("key", tmp_path / "signed_out")
    first, second = auth.new_session(), auth.new_session()
    auth.end_session(first)
    auth.end_session("forged")
    for one in (auth, PageAuth("key", tmp_path / "signed_out")):
        assert (one.is_valid_session(first), one.is_valid_session(second)) == (False, True)
    assert (tmp_path / "signed_out").read_text() == first


def test_series_are_checked_in_rounds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a start all series may have waiting points; each round checks some of them."""
    run = runs.create(store, Fields({"runName": "r", "projectName": "p"}), "")["runId"]
    line = {"time": 1, "step": 1, "data": {f"m{number}": 1 for number in range(25)}}
    ingest.metrics(store, run, json.dumps(line).encode())
    store.close()
    store = Store(store.folder)
    monkeypatch.setattr(downsampling, "SERIES", 10)
    assert [downsampling.run_round(store) for _ in range(4)] == [(0, True), (0, True), (0, False), (0, False)]
    store.close()


@pytest.mark.skipif(not hasattr(signal, "alarm"), reason="an alarm ends the process, and this system has none")
def test_a_match_ends_although_its_server_was_killed() -> None:
    """A process that searches for exponential time ends by itself, when no parent is left to end it."""
    child = subprocess.Popen([sys.executable, "-I", "-S", "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    child.stdin.write(json.dumps(["(a+)+$", "a" * 60 + "!"]).encode() + b"\n")
    child.stdin.flush()
    assert child.wait(60) == -signal.SIGALRM
