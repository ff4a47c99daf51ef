"""A run that begins when the one before is delivered gets the uploader of that one, or another if need be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.helpers.server_state import Script, Server
from tests.process.end_to_end.conftest import environment, project, script, server

__all__ = ["environment", "project", "script", "server"]

RUNS = """
import json, os, pathlib, signal, sys, time, wandb
from wandb_compat.pipeline import worker_process
from wandb_compat.spool.status import State
seen = []
def train(name, between=lambda pid: None, **options):
    with wandb.init(id=name, settings=wandb.Settings(x_disable_meta=True, console="off"), **options) as run:
        for step in range(3):
            run.log({"loss": step, "word": name})
        folder = pathlib.Path(run.dir).parent
        run.finish()
    state = State.read(folder)
    log = (folder / "logs" / "uploader.log")
    seen.append({"pid": state.pid, "phase": state.phase, "log": str(log)})
    between(state.pid)
"""
VERIFIED = """
until = time.monotonic() + 60
while not all(" INFO " in open(one["log"]).read() for one in seen) and time.monotonic() < until:
    time.sleep(0.05)
"""
REPORT = "\nprint(json.dumps([{**one, 'log': open(one['log']).read()} for one in seen]))"


def noted_by(done: Any) -> list[dict[str, Any]]:
    """Return what the script has noted of each run's uploader, and its log."""
    noted: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return noted


def check(server: Server, project: str, names: set[str]) -> None:
    """Check that the server has all of the runs, each with all that was logged."""
    server.settle()
    found = [
        server.get(f"/api/runs/details/{one['id']}", projectName=project)
        for one in server.get("/api/runs/list", projectName=project)["runs"]
    ]
    assert {one["externalId"] for one in found} == names
    for one in found:
        assert one["status"] == "COMPLETED"
        assert [row["value"] for row in server.metrics(project, one["id"], "loss")] == [0, 1, 2]
        words = server.get("/api/embedded/data", projectName=project, runId=one["id"], logName="word")["data"]
        assert [json.loads(word["data"]) if word["data"].startswith('"') else word["data"] for word in words] == [
            one["externalId"]
        ] * 3


def test_one_uploader_for_runs_one_after_another(script: Script, server: Server, project: str) -> None:
    """Three runs need one process, which holds no file of them open; the log of each is in its own directory."""
    text = RUNS + "for name in ('a', 'b', 'c'): train(name)" + VERIFIED
    text += "import psutil\nopen_files = psutil.Process(seen[0]['pid']).open_files()\n"
    text += "print(sum(file.path.endswith(('.journal', '.lock')) for file in open_files))\n"
    done = script(text + REPORT)
    noted = noted_by(done)
    assert done.stdout.splitlines()[-2] == "0"
    assert len({one["pid"] for one in noted}) == 1
    assert [one["phase"] for one in noted] == ["done"] * 3
    assert [one["log"].count("INFO done: 3 rows sent, 0 refused") for one in noted] == [1, 1, 1]
    check(server, project, {"a", "b", "c"})


@pytest.mark.parametrize(
    "between",
    [
        "lambda pid: (os.kill(pid, signal.SIGKILL), time.sleep(0.2))",
        "lambda pid: os.environ.update(NO_PROXY='127.0.0.1,localhost,example.com')",
    ],
    ids=["it is dead", "it would use another proxy"],
)
def test_another_one_where_it_cannot_go_on(script: Script, server: Server, project: str, between: str) -> None:
    """An uploader that was killed, or that an environment of before has started, is given no other run."""
    noted = noted_by(script(RUNS + f"train('a', {between}); train('b')" + REPORT))
    assert noted[0]["pid"] != noted[1]["pid"]
    check(server, project, {"a", "b"})


def test_runs_at_the_same_time_have_uploaders_of_their_own(script: Script, server: Server, project: str) -> None:
    """An uploader that still delivers a run is given no other one."""
    text = RUNS + "with wandb.init(id='a', reinit='create_new') as first:\n"
    text += "    for step in range(3): first.log({'loss': step, 'word': 'a'})\n"
    text += "    train('b', reinit='create_new')\n    print(State.read(pathlib.Path(first.dir).parent).pid)\n"
    done = script(text + REPORT)
    assert int(done.stdout.splitlines()[-2]) != noted_by(done)[0]["pid"]
    check(server, project, {"a", "b"})


def test_a_killed_uploader_is_followed_by_one_for_its_second_run(script: Script, server: Server, project: str) -> None:
    """The run that was passed on is delivered by another process when the first one dies under it."""
    text = RUNS + "worker_process.RESTART_PAUSE = 0.05\ntrain('a')\n"
    text += "run = wandb.init(id='b', settings=wandb.Settings(x_disable_meta=True, console='off'))\n"
    text += "run.log({'loss': 0, 'word': 'b'})\nfolder = pathlib.Path(run.dir).parent\n"
    text += "while (state := State.read(folder)) is None or state.run is None: time.sleep(0.01)\n"
    text += "assert state.pid == seen[0]['pid']\nos.kill(state.pid, signal.SIGKILL)\n"
    text += "for step in (1, 2): run.log({'loss': step, 'word': 'b'})\n"
    text += "run.finish()\nstate = State.read(folder)\n"
    text += "seen.append({'pid': state.pid, 'phase': state.phase, 'log': folder / 'logs' / 'uploader.log'})\n"
    text += "seen[-1]['log'] = str(seen[-1]['log'])"
    noted = noted_by(script(text + REPORT))
    assert noted[0]["pid"] != noted[1]["pid"]
    assert noted[1]["phase"] == "done"
    check(server, project, {"a", "b"})
