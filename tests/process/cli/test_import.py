"""`wandb-compat import` brings runs in every form on disk to another server, once."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import warm_python
from tests.helpers.offline_runs import Command, Runs, rows
from tests.helpers.server_state import Server
from wandb_compat.server.serve import Running, running
from wandb_compat.server.storage.blobs import content_path
from wandb_compat.wire.packed_config import unpacked

RECORD = Path(__file__).parents[2] / "helpers" / "data" / "run-recorded.wandb"
# What a server stores of a run besides its fields and its configuration: everything that was logged.
CONTENT = {
    "metric": "series.name, step, time, value FROM metric JOIN series ON series.id = metric.series"
    " JOIN run ON run.id = series.run",
    "datum": "datum.name, step, time, type, data FROM datum JOIN run ON run.id = datum.run",
    "console": "line, time, type, message FROM console JOIN run ON run.id = console.run",
    # A manifest names runs by numbers, which have more digits on one server than on the other.
    "file": "log_name, step, sample, file.name, type, iif(log_name LIKE '%/manifest', 0, size), time, caption,"
    " annotations FROM file"
    " JOIN run ON run.id = file.run",
    "log_name": "log_name.name, log_name.type FROM log_name JOIN run ON run.id = log_name.run",
    "alert": "level, title, body, time FROM alert JOIN run ON run.id = alert.run",
}
FIELDS = "run.name, status, tags, metadata, status_metadata, graph, notes, run.created, status_updated, fork_step"
MORE = """
import wandb
with wandb.init(id="child", fork_from="rich?_step=2", project=PROJECT) as run:
    for step in range(3, 5):
        run.log({"loss": float("nan") if step == 3 else 7.0}, step=step)
    path = run.use_artifact("model:latest").download()
    more = run.use_artifact("model:latest").new_draft()
    with more.new_file("third.txt") as file:
        file.write("three")
    run.log_artifact(more)
try:
    with wandb.init(id="broken", project=PROJECT):
        raise ValueError("on purpose")
except ValueError:
    pass
"""
LOOKED_UP = """
import json, wandb
api = wandb.Api()
found = api.artifact(PROJECT + "/model:latest")
files = sorted(entry for entry in found.manifest.entries)
third = open(found.download() + "/third.txt").read()
print(json.dumps([found.version, found.aliases, files, third, found.logged_by().id]))
"""


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The server to import to, on which numbers of runs are different."""
    with running(tmp_path_factory.mktemp("other") / "data") as server:
        yield server


@pytest.fixture
def run_script(folder: Path, environment: dict[str, str]) -> Callable[..., str]:
    """Runs a Python script, given as text or path, with the session's server or another one; returns what it prints."""

    def run(script: str | Path, server: Running | None = None, **variables: str) -> str:
        path = script if isinstance(script, Path) else folder / "script.py"
        if isinstance(script, str):
            path.write_text(script)
        env = {**environment, **(server.environment() if server is not None else {}), **variables}
        done = warm_python.run([sys.executable, str(path)], cwd=folder, env=env, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def content(server: Running, project: str, run_id: str) -> dict[str, Any]:
    """Return everything that a server has stored of a run, with the digests of its files; numbers of runs left out."""
    with sqlite3.connect(server.data_dir / "pluto.db") as connection:
        (number, config) = connection.execute(
            "SELECT run.id, config FROM run JOIN project ON project.id = project"
            " WHERE external = ? AND project.name = ?",
            (run_id, project),
        ).fetchone()
        found: dict[str, Any] = {
            table: sorted(map(repr, connection.execute(f"SELECT {what} WHERE run.id = ?", (number,))))
            for table, what in CONTENT.items()
        }
        found["fields"] = connection.execute(f"SELECT {FIELDS} FROM run WHERE run.id = ?", (number,)).fetchone()
        found["parent"] = connection.execute(
            "SELECT external FROM run WHERE id = (SELECT parent FROM run WHERE id = ?)", (number,)
        ).fetchone()
        files = connection.execute("SELECT log_name, name FROM file WHERE run = ?", (number,)).fetchall()
        names = dict(connection.execute("SELECT id, external FROM run"))
    found["config"] = _named(unpacked(json.loads(config or "{}")), names)
    found["bytes"] = {}
    for key, name in files:
        bytes_ = content_path(server.data_dir / "files", number, key, name).read_bytes()
        found["bytes"][key, name] = _named(json.loads(bytes_), names) if key.endswith("/manifest") else bytes_
    return found


def _named(value: Any, names: dict[int, str]) -> Any:
    """Return a document in which places of files name the external ids of runs."""
    if isinstance(value, dict):
        is_place = isinstance(value.get("run"), int) and "key" in value
        known = {"run": names[value["run"]]} if is_place else {}
        return {key: known.get(key, _named(one, names)) for key, one in value.items()}
    if isinstance(value, list):
        return [_named(one, names) for one in value]
    if isinstance(value, str) and value.startswith("{") and '"run"' in value:
        return _named(json.loads(value), names)
    return value


def test_a_data_folder_arrives_as_it_is(
    cli: Command, runs: Runs, other: Running, pluto_server: Running, run_script: Callable[..., str]
) -> None:
    """Every kind of value, a fork, a failed run and an artifact that refers to another run's files arrive; once."""
    rich = Path(__file__).parents[2] / "helpers" / "compared_run.py"
    run_script(rich, WANDB_PROJECT=runs.project)
    run_script(MORE.replace("PROJECT", repr(runs.project)))
    run_script("import wandb\nwandb.init(project='before', id='x').finish()", other)
    call = ("import", pluto_server.data_dir, "--project", runs.project, "--to", other.url)
    done = cli(*call, PLUTO_API_KEY=other.key)
    assert "3 runs: 3 copied" in done.stdout
    for run_id in ("rich", "child", "broken"):
        before, after = (content(server, runs.project, run_id) for server in (pluto_server, other))
        for part, value in before.items():
            assert after[part] == value, f"{run_id}: {part}"
    assert content(other, runs.project, "child")["parent"] == ("rich",)
    assert len(content(other, runs.project, "rich")["metric"]) > 30
    found = json.loads(run_script(LOOKED_UP.replace("PROJECT", repr(runs.project)), other))
    assert found == ["v2", ["latest"], ["dir/more.txt", "file.txt", "third.txt"], "three", "child"]
    again = cli(*call, PLUTO_API_KEY=other.key)
    assert "3 runs: 3 nothing to do" in again.stdout
    # From another machine, without what this one has noted.
    shutil.rmtree(runs.root)
    assert "3 runs: 3 nothing to do" in cli(*call, PLUTO_API_KEY=other.key).stdout
    assert content(other, runs.project, "rich") == content(pluto_server, runs.project, "rich") | {
        "config": content(other, runs.project, "rich")["config"]
    }


def test_more_of_a_run_follows(
    cli: Command, runs: Runs, other: Running, pluto_server: Running, run_script: Callable[..., str]
) -> None:
    """A run that went on after its import gets what is new; nothing is there twice."""
    script = (
        "import sys, wandb\nwith wandb.init(id='goes-on', resume='allow', project=PROJECT) as run:\n"
        "    for n in range(3):\n        run.log({'loss': n, 'text': f'{run.step} text'})\n        print('line', n)\n"
    ).replace("PROJECT", repr(runs.project))
    call = ("import", pluto_server.data_dir, "--project", runs.project, "--to", other.url)
    run_script(script)
    assert "1 runs: 1 copied" in cli(*call, PLUTO_API_KEY=other.key).stdout
    run_script(script)
    assert "1 runs: 1 copied" in cli(*call, PLUTO_API_KEY=other.key).stdout
    before, after = (content(server, runs.project, "goes-on") for server in (pluto_server, other))
    assert len(before["datum"]) == 6 and before["console"]
    assert {**after, "config": None} == {**before, "config": None}


def test_choices_and_bad_input(
    cli: Command,
    runs: Runs,
    other: Running,
    folder: Path,
    run_script: Callable[..., str],
    clean_environment: dict[str, str],
) -> None:
    """--dry-run sends nothing, --since leaves out, a damaged run and an escaping link are named, the rest arrives."""
    one = "import wandb\nwith wandb.init(project='p', id=ID) as run:\n    run.log({'x': 1, 'h': wandb.Html('<p>')})\n"
    with running(folder / "data") as source:
        for run_id in ("good", "bad", "link"):
            run_script(one.replace("ID", repr(run_id)), source)
    (folder / "secret").write_text("of another user")
    with sqlite3.connect(folder / "data" / "pluto.db") as connection:
        connection.execute("UPDATE run SET config = '{' WHERE external = 'bad'")
        number, key, name = connection.execute(
            "SELECT run.id, log_name, file.name FROM file JOIN run ON run.id = file.run WHERE external = 'link'"
        ).fetchone()
        columns = "run, log_name, sample, name, type, size, time"
        connection.execute(
            f"INSERT INTO file ({columns}, step) SELECT file.run, log_name, sample, file.name, type, size, time, 7"
            " FROM file JOIN run ON run.id = file.run WHERE external = 'good'"
        )
    blob = content_path(folder / "data" / "files", number, key, name)
    blob.unlink()
    blob.symlink_to(folder / "secret")
    call = ("import", folder / "data", folder / "script.py", "--to", other.url)
    shown = cli(*call, "--dry-run", code=1, PLUTO_API_KEY=other.key)
    assert "2 would be copied" in shown.stdout and not _statuses(other, "p")
    assert "3 runs" not in cli(*call, "--since", "2100-01-01", code=1, PLUTO_API_KEY=other.key).stdout
    done = cli(*call, code=1, PLUTO_API_KEY=other.key)
    assert "pluto.db: run 2, run: config is not JSON" in done.stderr
    assert "script.py is not a file run-<id>.wandb" in done.stderr
    assert f"{blob}: leads out of the folder" in done.stderr
    assert "3 runs: 1 failed, 1 copied, 1 incomplete" in done.stdout
    assert "p/good: 1 entries of files are replaced by those of a later step: h (" in done.stdout
    assert _statuses(other, "p") == {"good": "COMPLETED", "link": "COMPLETED"}
    assert content(other, "p", "link")["metric"] and not content(other, "p", "link")["file"]


def test_a_server_that_is_away(cli: Command, runs: Runs, other: Running, pluto_server: Running, folder: Path) -> None:
    """An import that is cut off says so and continues; run directories go to any server too."""
    home = runs.make("one", 4)
    call = ("import", home, "--to", other.url, "--project", runs.project)
    assert "4 rows sent" in cli(*call, PLUTO_API_KEY=other.key).stdout
    there = Runs(runs.root, other, runs.project)
    assert there.values("one") == rows(4)
    delivered = runs.make("two", 4)
    cli("sync", delivered)
    gone = cli("import", delivered, "--to", other.url, code=1, PLUTO_API_KEY=other.key)
    assert "it belongs to the Pluto server at" in gone.stderr and "import that server's data folder" in gone.stderr
    folder_call = ("import", pluto_server.data_dir, "--project", runs.project, "--to")
    assert "failed" in cli(*folder_call, "http://127.0.0.1:9", code=1).stdout
    assert "1 runs: 1 copied" in cli(*folder_call, other.url, PLUTO_API_KEY=other.key).stdout
    assert there.values("two") == rows(4)


def test_a_project_is_exported_into_a_folder(
    cli: Command, runs: Runs, pluto_server: Running, run_script: Callable[..., str], folder: Path
) -> None:
    """What the routes of a server give arrives in the folder, which a server can then serve; a second call is short."""
    rich = Path(__file__).parents[2] / "helpers" / "compared_run.py"
    run_script(rich, WANDB_PROJECT=runs.project)
    call = ("export", runs.project, "--to", folder / "exported")
    done = cli(*call)
    assert "1 runs: 1 copied" in done.stdout and "notes that are not in the configuration" in done.stdout
    assert "texts" not in done.stdout  # which an embedded server gives back
    with running(folder / "exported") as copy:
        before, after = (content(server, runs.project, "rich") for server in (pluto_server, copy))
    before["datum"], after["datum"] = (sorted(one["datum"]) for one in (before, after))
    for part, value in before.items():
        assert after[part] == value, part
    assert "1 runs: 1 nothing to do" in cli(*call).stdout


def test_a_killed_import_continues(
    cli: Command,
    runs: Runs,
    other: Running,
    pluto_server: Running,
    folder: Path,
    environment: dict[str, str],
    run_script: Callable[..., str],
) -> None:
    """The next call delivers what a killed one had begun to deliver, without reading the source again."""
    run_script(
        f"import wandb\nwith wandb.init(project={runs.project!r}, id='long') as run:\n"
        "    for n in range(20_000):\n        run.log({'loss': n / 7})\n"
    )
    call = ["import", str(pluto_server.data_dir), "--project", runs.project, "--to", other.url]
    command = [sys.executable, "-m", "wandb_compat", *call]
    variables = {**environment, "PLUTO_API_KEY": other.key}
    with subprocess.Popen(command, cwd=folder, env=variables, stdout=subprocess.DEVNULL) as process:
        while not (written := list(folder.glob("wandb/import-*/run-*-1/journal/uploader.journal"))):
            assert process.poll() is None, "the import ended before it could be killed"
        process.kill()
    (run_dir,) = (path.parents[1] for path in written)
    assert "1 runs: 1 copied" in cli(*call, PLUTO_API_KEY=other.key).stdout
    assert [path.name for path in run_dir.parent.iterdir() if path.is_dir()] == [run_dir.name]
    before, after = (content(server, runs.project, "long") for server in (pluto_server, other))
    assert len(before["metric"]) >= 20_000 and after == before


def test_a_record_of_the_real_wandb(
    cli: Command, runs: Runs, folder: Path, clean_environment: dict[str, str], real_python: Path
) -> None:
    """A run that the real wandb logged offline arrives, and `compare` finds it the same, artifacts apart."""
    script = Path(__file__).parents[2] / "helpers" / "compared_run.py"
    variables = {"WANDB_MODE": "offline", "WANDB_DIR": str(folder), "WANDB_PROJECT": runs.project}
    subprocess.run(
        [str(real_python), str(script)], cwd=folder, env={**clean_environment, **variables}, check=True, timeout=300
    )
    (home,) = (folder / "wandb").glob("offline-run-*")
    call = ("import", home, "--to", runs.server.url)
    done = cli(*call)
    assert "6 rows sent" in done.stdout and "artifact model: its files are not in the record" in done.stderr
    again = cli(*call).stdout
    assert "on the server" in again and "6 rows" not in again
    parts = json.loads(cli("compare", home, "--json", code=None).stdout)["parts"]
    found = {one["what"] for part in parts.values() for one in part["differences"]}
    assert found == {"model", "notes.txt", "empty.txt"}
    assert "saved file notes.txt: " in done.stderr and "see --trust" in done.stderr
    cli(*call, "--trust")
    parts = json.loads(cli("compare", home, "--json", code=None).stdout)["parts"]
    assert [one["what"] for part in parts.values() for one in part["differences"]] == ["model"]
    assert parts["numbers"]["value"] > 30


def test_a_record_that_grows(cli: Command, runs: Runs, folder: Path) -> None:
    """What the real wandb has recorded since an import follows with the next one, and nothing is there twice."""
    whole = RECORD.read_bytes()
    home = folder / "wandb" / "offline-run-20260101_000000-recorded"
    home.mkdir(parents=True)
    for content in (whole[: len(whole) * 6 // 10], whole):
        (home / RECORD.name).write_bytes(content)
        cli("import", home, "--to", runs.server.url, PLUTO_PROJECT=runs.project)
    assert "Same: run recorded is" in cli("compare", home, "--project", runs.project).stdout


def _statuses(server: Running, project: str) -> dict[str, str]:
    """Return the status of each run of a project by its external id."""
    state = Server(server.url, server.key)
    listed = state.get("/api/runs/list", projectName=project)["runs"]
    found = [state.get(f"/api/runs/details/{run['id']}", projectName=project) for run in listed]
    return {run["externalId"]: run["status"] for run in found}
