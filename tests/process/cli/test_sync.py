"""`sync` brings to the server what is on disk, once, and says what it could not bring."""

import contextlib
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import filelock
import pytest

from tests.helpers.environments import ROOT
from tests.helpers.fault_proxy import FaultProxy
from tests.helpers.forgetful_ingest import ForgetfulIngest
from tests.helpers.offline_runs import Command, Runs, rows
from tests.process.cli.conftest import TIMEOUT


def test_an_offline_run_is_delivered_once(cli: Command, runs: Runs) -> None:
    """Every row is there with its step after the first call, and the second call changes nothing."""
    home = runs.make("one", 500)
    output = cli("sync", home)
    assert "500 rows sent, everything is on the server" in output.stdout
    assert runs.values("one") == rows(500)
    assert runs.listed()["name of one"]["status"] == "COMPLETED"
    again = cli("sync", home)
    assert "on the server already" in again.stdout
    assert runs.values("one") == rows(500)
    assert len(runs.listed()) == 1


@pytest.mark.parametrize("way", ["folder", "file", "link", "default", "above"])
def test_a_run_can_be_named_in_each_way(cli: Command, runs: Runs, folder: Path, way: str) -> None:
    """The run folder, its journal file, the link `latest-run`, no path and a directory above all mean the run."""
    home = runs.make("x")
    link = home.parent / "latest-run"
    link.symlink_to(home.name)
    paths = {"folder": [home], "file": [home / "run-x.wandb"], "link": [link], "default": [], "above": [folder]}[way]
    assert cli("sync", *paths).stdout.count("3 rows sent") == 1
    assert runs.values("x") == rows()


def test_a_directory_sends_every_unfinished_run(cli: Command, runs: Runs) -> None:
    """Each run below gets one line; finished ones and files of the real wandb are listed and left alone."""
    done, two, three = runs.make("done"), runs.make("two"), runs.make("three", 7)
    cli("sync", done)
    foreign = runs.root / "run-20260101_000000-real"
    foreign.mkdir()
    (foreign / "run-real.wandb").write_bytes(b":W&B\xbb\x1f\0" + bytes(500))
    lines = dict(line.split(": ", 1) for line in cli("sync", runs.root).stdout.splitlines())
    assert lines[f"wandb/{done.name}"].startswith("on the server already")
    assert lines[f"wandb/{two.name}"].startswith("3 rows sent, everything is on the server")
    assert lines[f"wandb/{three.name}"].startswith("7 rows sent, everything is on the server")
    assert lines[f"wandb/{foreign.name}"] == "skipped, not written by wandb-compat"
    assert (runs.values("two"), runs.values("three")) == (rows(), rows(7))


def test_a_dry_run_sends_nothing(cli: Command, runs: Runs) -> None:
    """It says what would be sent, needs no key, and changes neither the server nor the folder."""
    home = runs.make("dry")
    before = sorted(home.rglob("*"))
    output = cli("sync", "--dry-run", PLUTO_API_KEY=None)
    assert output.stdout == f"wandb/{home.name}: would send 3 rows as run dry of {runs.project}\n"
    assert runs.listed() == {}
    assert sorted(home.rglob("*")) == before


def test_a_killed_run_is_delivered_as_failed(cli: Command, runs: Runs, folder: Path) -> None:
    """The rows of a run that never finished arrive, and the server does not show it as completed."""
    script = folder / "killed.py"
    script.write_text(
        f"import os, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from pathlib import Path; from tests.helpers.offline_runs import Runs\n"
        f"Runs(Path({str(runs.root)!r}), None, {runs.project!r}).make('dead', finished=False); os._exit(9)\n"
    )
    subprocess.run([sys.executable, str(script)], check=False)
    cli("sync")
    assert runs.values("dead") == rows()
    assert runs.listed()["name of dead"]["status"] == "FAILED"


def test_what_a_living_run_has_said_so_far_is_sent(cli: Command, runs: Runs) -> None:
    """A run whose script still runs is not closed on the server; its rows up to now are there."""
    runs.make("alive", finished=False)
    assert "the run is still running" in cli("sync").stdout
    assert runs.values("alive") == rows()
    assert runs.listed()["name of alive"]["status"] == "RUNNING"


def test_rows_stay_when_the_server_is_away(cli: Command, runs: Runs, unreachable: dict[str, str]) -> None:
    """The exit code is 1, the message says how many rows and why, and a later call delivers them all."""
    home = runs.make("away")
    output = cli("sync", "--patience", 0, code=1, **unreachable)
    assert "3 are not on the server" in output.stderr
    assert "http://127.0.0.1:9 cannot be reached" in output.stderr
    cli("sync", home)
    assert runs.values("away") == rows()


def test_a_refused_key_is_named_and_loses_nothing(cli: Command, runs: Runs) -> None:
    """A wrong key gives up at once, says that the key is refused without showing it, and keeps the rows."""
    runs.make("key")
    output = cli("sync", "--patience", 50, code=1, PLUTO_API_KEY="mlpi_wrongwrongwrong1")
    assert "refuses the key" in output.stderr
    assert "3 are not on the server" in output.stderr
    assert "wrongwrong" not in output.stdout + output.stderr
    cli("sync")
    assert runs.values("key") == rows()


def test_a_missing_key_and_incomplete_urls_are_named(cli: Command, runs: Runs) -> None:
    """Before anything is sent, a sentence says what to set."""
    runs.make("x")
    assert "PLUTO_API_KEY" in cli("sync", code=1, PLUTO_API_KEY=None).stderr
    gone = {f"PLUTO_URL_{name}": None for name in ("APP", "INGEST", "PY")}
    assert "PLUTO_URL_INGEST and PLUTO_URL_PY must be set" in cli("sync", code=1, **gone).stderr
    assert runs.listed() == {}


def test_a_busy_run_is_left_to_its_uploader(cli: Command, runs: Runs) -> None:
    """While another uploader has the folder nothing is sent twice; the others have their turn."""
    busy, free = runs.make("busy"), runs.make("free")
    (busy / "journal").mkdir(exist_ok=True)
    with filelock.FileLock(busy / "journal" / "uploader.lock"):
        output = cli("sync", code=1)
    assert f"wandb/{busy.name}: another uploader is delivering" in output.stderr
    assert f"wandb/{free.name}: 3 rows sent" in output.stdout
    assert list(runs.listed()) == ["name of free"]


@pytest.mark.parametrize("what", ["nothing", "file", "foreign"])
def test_a_path_without_a_run_is_named(cli: Command, folder: Path, what: str) -> None:
    """A path that does not exist, another file, or a folder of the real wandb ends with 1 and a sentence."""
    path = folder / what
    if what == "file":
        path.write_text("no journal")
    elif what == "foreign":
        path.mkdir()
        (path / "run-real.wandb").write_bytes(b":W&B\xbb\x1f\0")
    output = cli("sync", path, code=1)
    assert what in output.stdout + output.stderr


def test_an_empty_directory_has_nothing_to_send(cli: Command) -> None:
    """No run at all is not a failure."""
    assert "No run directory" in cli("sync").stdout


def test_parts_of_a_run_go_in_their_order_beside_other_runs(cli: Command, runs: Runs, proxy: FaultProxy) -> None:
    """Of several runs at once each has a separate connection; the parts of one id wait for each other."""
    proxy.fault, proxy.where, proxy.delay = "late", "/ingest/metrics", 1.5
    for count in (3, 4, 5):
        runs.make("one", count)
    runs.make("other", 7)
    cli("sync", "--jobs", 2, **proxy.environment())
    calls = [(call.body.count(b'"step"'), call.time) for call in proxy.calls if "/ingest/metrics" in call.path]
    own = [call for call in calls if call[0] != 7]
    assert [count for count, _ in own] == [3, 4, 5]
    assert all(later - sooner >= proxy.delay for (_, sooner), (_, later) in pairwise(own))
    assert next(moment for count, moment in calls if count == 7) < own[1][1]
    assert runs.values("one") == rows(5) and runs.values("other") == rows(7)


def test_a_terminal_gets_a_bar(runs: Runs, folder: Path, environment: dict[str, str], proxy: FaultProxy) -> None:
    """Rows and bytes that are left are shown for each run that is being sent, and how many runs there are."""
    proxy.fault, proxy.where, proxy.delay = "late", "/ingest/metrics", 2.0
    names = [runs.make(name, 2000).name for name in ("one", "two")]
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "wandb_compat", "sync"],
        cwd=folder,
        env={**environment, **proxy.environment(), "COLUMNS": "160", "TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=end,
    )
    os.close(end)
    shown = b""
    with contextlib.suppress(OSError):  # as Linux tells that no one holds the other end any more
        while piece := os.read(terminal, 65536):
            shown += piece
    os.close(terminal)
    assert process.wait(TIMEOUT) == 0
    shown = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", shown)  # colours and moves of the cursor
    for name in names:
        assert re.search(rf"wandb/{name} .*0/2000 rows, 0\.[1-9] MB left".encode(), shown), shown
    assert b"0/2 runs" in shown


def test_a_copy_of_a_delivered_folder_is_not_sent_again(cli: Command, runs: Runs, folder: Path) -> None:
    """What has been delivered is noted in the run folder and goes with it wherever it is moved or copied."""
    home = runs.make("moved")
    elsewhere = folder / "elsewhere"
    cli("sync", shutil.copytree(home, elsewhere / "first"))
    output = cli("sync", shutil.copytree(elsewhere / "first", elsewhere / "second"))
    assert "on the server already" in output.stdout
    assert runs.values("moved") == rows()
    assert len(runs.listed()) == 1


def test_a_delivered_run_is_not_said_to_be_on_another_server(cli: Command, runs: Runs) -> None:
    """`--to` with the URL of a server that has nothing of it is an error, which names the way to copy it."""
    home = runs.make("here")
    cli("sync", home)
    assert "on the server already" in cli("sync", "--to", runs.server.url, home).stdout
    elsewhere = cli("sync", "--to", "http://127.0.0.1:9", home, code=1)
    assert "on the server already" not in elsewhere.stdout
    assert f"not sent to http://127.0.0.1:9: the server at {runs.server.url} has all of it" in elsewhere.stderr
    assert "wandb-compat import" in elsewhere.stderr


def test_status_tells_how_far_each_run_is(cli: Command, runs: Runs, unreachable: dict[str, str]) -> None:
    """A run not sent, one that is done and one whose server was away are shown differently, with rows and reason."""
    done, away = runs.make("done"), runs.make("away")
    cli("sync", done)
    cli("sync", "--patience", 0, away, code=1, **unreachable)
    runs.make("new", 5)
    lines = cli("status", runs.root).stdout.splitlines()
    cells = {line.split()[0]: line for line in lines[1:]}
    display = runs.listed()["name of done"]["displayId"]
    assert [word in cells["done"] for word in ("name of done", " done ", " 0 ", display, "http://")] == [True] * 5
    assert [word in cells["away"] for word in (" left ", " 3 ")] == [True] * 2
    assert [word in cells["new"] for word in ("not sent", " 5 ")] == [True] * 2
    assert f"wandb/{away.name}: the Pluto server at http://127.0.0.1:9 cannot be reached" in lines[-1]


def test_the_status_can_be_read_at_a_narrow_terminal(
    cli: Command, runs: Runs, folder: Path, environment: dict[str, str]
) -> None:
    """In 80 columns nothing is cut, and each link has a separate line."""
    cli("sync", runs.make("done"))
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "wandb_compat", "status"],
        cwd=folder,
        env={**environment, "COLUMNS": "80", "TERM": "xterm"},
        stdout=end,
    )
    os.close(end)
    shown = ""
    with contextlib.suppress(OSError):  # as Linux tells that no one holds the other end any more
        while piece := os.read(terminal, 65536):
            shown += piece.decode()
    os.close(terminal)
    assert process.wait(TIMEOUT) == 0
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()
    assert "name of done" in shown and "…" not in shown
    assert any(re.fullmatch(r"done: http://\S+/\d+", line) for line in lines), shown
    assert max(len(line) for line in lines if "/" not in line) <= 80


def test_python_m_wandb_syncs_and_tells_the_status(cli: Command, runs: Runs) -> None:
    """`python -m wandb sync --sync-all` and `status` do what `wandb-compat` does."""
    runs.make("w")
    assert "3 rows sent, everything is on the server" in cli("sync", "--sync-all", module="wandb").stdout
    assert runs.values("w") == rows()
    assert "name of w" in cli("status", module="wandb").stdout


def test_what_was_accepted_is_verified_later(cli: Command, runs: Runs) -> None:
    """A server that stores late has accepted a run; `status` and `sync` check it as soon as they are called, and
    `sync --verify` shows every metric with its counts and ends."""
    ingest = ForgetfulIngest(runs.server.url, interval=None)
    try:
        home = runs.make("late", 12)
        assert "accepted and not verified yet" in cli("sync", home, **ingest.environment()).stdout
        assert "not yet" in cli("status", home, **ingest.environment()).stdout
        ingest.flush()
        assert "  yes  " in cli("status", home, **ingest.environment()).stdout
        table = cli("sync", "--verify", home, **ingest.environment()).stdout
        assert "everything is on the server, verified" in table
        assert re.search(r"^loss +12 +12 +0: 0 +11: 5\.5", table, re.MULTILINE)
    finally:
        ingest.stop()


def test_verify_finds_what_is_missing_or_different(cli: Command, runs: Runs) -> None:
    """A step that is gone from the server, and a value at an end that is another: both are in the table, and the exit
    code says so."""
    gone, other = runs.make("gone", 9), runs.make("other", 9)
    cli("sync", runs.root)
    numbers = [runs.listed()[f"name of {name}"]["id"] for name in ("gone", "other")]
    changes = ("DELETE FROM metric WHERE step = 4", "UPDATE metric SET value = 99 WHERE step = 8")
    with sqlite3.connect(runs.server.data_dir / "pluto.db", timeout=30) as database:
        for change, number in zip(changes, numbers, strict=True):
            database.execute(f"{change} AND series IN (SELECT id FROM series WHERE run = ?)", (number,))
    done = cli("sync", "--verify", gone, other, code=1)
    output = done.stdout
    assert done.stderr.count("the server does not have what was logged") == 2
    assert re.search(r"^loss +9 +8 .*1 missing", output, re.MULTILINE)
    assert re.search(r"^loss +9 +9 .*99 at step 8", output, re.MULTILINE)
