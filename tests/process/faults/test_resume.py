"""A run that is resumed, rewound or forked goes on from what the server and the journals here know."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import wandb
from tests.helpers import warm_python
from tests.helpers.server_state import Script, Server
from wandb.errors import UsageError, term
from wandb_compat.config.settings import Settings
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.uploader.worker import Worker
from wandb_compat.wire.config_merge import REMOVED, without_removed


@pytest.fixture
def here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], project: str
) -> Iterator[dict[str, str]]:
    """The environment of a script, for this process too; `PLUTO_MODE=offline` is set where a test wants it."""
    for name in [name for name in os.environ if name.startswith(("WANDB_", "PLUTO_"))]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        if name.startswith(("WANDB_", "PLUTO_", "HOME", "XDG")):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("WANDB_CONSOLE", "off")
    monkeypatch.setattr(term, "_said", set())
    monkeypatch.chdir(tmp_path)
    yield environment
    wandb.teardown()


def deliver(folder: Path, environment: dict[str, str]) -> None:
    """Send every run below a folder, as a user does."""
    done = warm_python.run([sys.executable, "-m", "wandb_compat", "sync", str(folder)], env=environment)
    assert done.returncode == 0, done.stderr


def points(server: Server, project: str, run: int, name: str) -> list[tuple[int, float]]:
    """Return step and value of every row of a metric."""
    return [(row["step"], row["value"]) for row in server.metrics(project, run, name)]


def segment(number: int, **how: Any) -> wandb.Run:
    """Log the five rows of one segment and return the finished run."""
    with wandb.init(
        id="abc",
        config={"last": number, f"own{number}": {"depth": number}, "shared": {f"key{number}": number}},
        tags=[f"tag{number}"],
        **how,
    ) as run:
        for value in range(4):
            run.log({"loss": number * 10 + value, f"seg{number}": value})
        charts = {
            name: wandb.plot.bar(wandb.Table(["x", "y"], [[1, 2]]), "x", "y") for name in ("shape", f"chart{number}")
        }
        run.log({"loss": number * 10 + 4, **charts})
        run.summary[f"best{number}"] = number
    return run


def check_three(server: Server, project: str) -> None:
    """The server has three segments as one history, one configuration, one summary.

    A segment's own value of a key replaces the whole value of earlier segments, as in wandb: what it lacks is removed.
    """
    run = server.run(project)
    assert run["status"] == "COMPLETED"
    assert points(server, project, run["id"], "loss") == [
        (number * 5 + value, number * 10 + value) for number in range(3) for value in range(5)
    ]
    assert {f"tag{number}" for number in range(3)} <= set(run["tags"])
    config = run["config"]
    assert config["last"] == 2 and config["shared"] == {"key0": None, "key1": None, "key2": 2}
    assert config["wandb"][REMOVED] == [["shared", "key0"], ["shared", "key1"]]
    assert without_removed(config, config["wandb"][REMOVED])["shared"] == {"key2": 2}
    assert [config[f"own{number}"] for number in range(3)] == [{"depth": number} for number in range(3)]
    assert [one["key"] for one in config["wandb"]["custom_charts"]] == ["shape", "chart0", "chart1", "chart2"]
    summary = config["wandb"]["summary"]
    assert [summary[f"best{number}"] for number in range(3)] == [0, 1, 2] and summary["_step"] == 14


def test_offline_segments_join_into_one_history(here: dict[str, str], server: Server, project: str) -> None:
    """Three offline runs of one id, each seeing what went before, are one run on the server after `sync`."""
    for number in range(3):
        run = segment(number, resume="allow", mode="offline")
        assert (run.starting_step, run.resumed) == (number * 5, number > 0)
    assert dict(run.config)["own0"] == {"depth": 0} and run.tags == ("tag0", "tag1", "tag2")
    assert dict(run.config)["shared"] == {"key2": 2}
    assert run.summary["best0"] == 0 and run.summary["best2"] == 2
    deliver(Path("wandb"), here)
    deliver(Path("wandb"), here)
    check_three(server, project)


def test_segments_on_different_machines_join(
    here: dict[str, str], server: Server, project: str, tmp_path: Path
) -> None:
    """With nothing on disk the server tells where to go on, and what the configuration, tags and summary were."""
    for number in range(3):
        folder = tmp_path / f"machine{number}"
        folder.mkdir()
        run = segment(number, resume="must" if number else "allow", dir=folder)
        assert (run.starting_step, run.resumed) == (number * 5, number > 0)
        assert run.summary.get("best0") == 0 and dict(run.config)["own0"] == {"depth": 0}
        assert dict(run.config)["shared"] == {f"key{number}": number}
    check_three(server, project)


def test_must_and_never(here: dict[str, str], server: Server, project: str) -> None:
    """`must` needs a run and `never` none, as the server says; neither error leaves a run behind."""
    with pytest.raises(UsageError, match="no run nothing in project"):
        wandb.init(id="nothing", resume="must")
    with pytest.raises(UsageError, match="resume='must'"):
        wandb.init(resume="must")
    wandb.init(id="12", resume="never").finish()
    with pytest.raises(UsageError, match="Run 12 exists already"):
        wandb.init(id="12", resume="never", dir="elsewhere")
    with pytest.raises(UsageError, match="no run 1 "):  # the server's own number of a run is not an id of wandb
        wandb.init(id="1", resume="must")
    with pytest.raises(ValidationError, match="`resume` and `fork_from`"):  # as with wandb
        wandb.init(resume="allow", fork_from="12?_step=1")
    assert wandb.run is None
    assert server.run(project)["status"] == "COMPLETED"


def test_without_an_answer_the_journals_here_decide(here: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """A server that is away or silent: `must` and `never` go by what is on disk, and what is unknown causes a
    warning."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        gone = f"http://127.0.0.1:{closed.getsockname()[1]}"
    for name in ("APP", "API", "INGEST", "PY"):
        os.environ[f"PLUTO_URL_{name}"] = gone
    os.environ["WANDB_COMPAT_FINISH_BUDGET"] = "1"
    with wandb.init(id="abc", resume="must") as run:
        run.log({"a": 1}, step=7)
        assert run.starting_step == 0
    assert "could not be asked" in capsys.readouterr().err
    with wandb.init(id="abc", resume="must") as run:
        assert run.starting_step == 8
    with pytest.raises(UsageError, match="exists already"):
        wandb.init(id="abc", resume="never", mode="offline")
    with wandb.init(id="new", resume="never", mode="offline") as run:
        assert run.starting_step == 0


def test_a_silent_server_is_asked_for_a_bounded_time(
    here: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that takes the connection and says nothing holds up `init` for the bound, and only with `resume`."""
    from wandb_compat.run import ask_server

    monkeypatch.setattr(ask_server, "RESUME_TIMEOUT", 1.0)
    monkeypatch.setenv("WANDB_COMPAT_FINISH_BUDGET", "0")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for name in ("APP", "API", "INGEST", "PY"):
            monkeypatch.setenv(f"PLUTO_URL_{name}", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with wandb.init(id="abc", resume="must") as run:
            assert run.starting_step == 0
    assert "has not answered for 1 s" in capsys.readouterr().err


def test_a_killed_run_goes_on_and_ends_well(script: Script, server: Server, project: str) -> None:
    """After SIGKILL the next process of the id follows the last row, and the late news of the death do not win."""
    text = """
    import os, signal, wandb
    run = wandb.init(id="abc", resume="allow")
    for value in range(100):
        run.log({"step": run.step})
    if run.starting_step < 200:
        import time
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    for _ in range(2):
        script(text, code=-signal.SIGKILL, WANDB_COMPAT_LINGER="30")
    script(text)
    run = server.run(project)
    assert points(server, project, run["id"], "step") == [(step, step) for step in range(300)]
    time.sleep(2)  # long enough for an uploader that still wants to tell of a death
    assert server.run(project)["status"] == "COMPLETED"


def test_an_earlier_part_that_arrives_last_does_not_end_the_run(
    here: dict[str, str], server: Server, project: str
) -> None:
    """Offline parts that failed, sent while a later part is at work or after it has ended, do not say how it ended."""
    folders = []
    for number in range(2):
        run = wandb.init(id="abc", resume="allow", mode="offline")
        run.log({"part": number})
        run.finish(exit_code=1)
        folders.append(Path(run.sync_dir))
    with wandb.init(id="abc", resume="allow") as run:
        run.log({"part": 2})
        while run.url is None:
            time.sleep(0.05)
        deliver(folders[0], here)
        assert server.run(project)["status"] == "RUNNING"
    assert server.run(project)["status"] == "COMPLETED"
    deliver(folders[1], here)
    found = server.run(project)
    assert found["status"] == "COMPLETED"
    assert points(server, project, found["id"], "part") == [(0, 0), (1, 1), (2, 2)]


def test_what_is_not_sent_yet_counts(script: Script, server: Server, project: str, here: dict[str, str]) -> None:
    """Rows that wait in a journal because the server was away are counted too, and nothing overwrites them."""
    away = {f"PLUTO_URL_{name}": "http://127.0.0.1:9" for name in ("APP", "API", "INGEST", "PY")}
    text = """
    import wandb
    run = wandb.init(id="abc", resume="allow")
    for value in range(10):
        run.log({"step": run.step})
    """
    script(text)
    script(text, **away, WANDB_COMPAT_FINISH_BUDGET="0")
    script(text)
    script("import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'wandb_compat', 'sync'], check=True)")
    run = server.run(project)
    assert points(server, project, run["id"], "step") == [(step, step) for step in range(30)]


def test_resume_from_a_step(here: dict[str, str], server: Server, project: str) -> None:
    """Rows after that step stay until others take their place; a step or run that is not there is refused."""
    with wandb.init(id="abc", config={"lr": 0.1}) as run:
        for value in range(10):
            run.log({"loss": value})
    with wandb.init(resume_from="abc?_step=4", dir="elsewhere") as run:
        assert (run.id, run.step, run.starting_step, run.config.lr) == ("abc", 5, 5, 0.1)
        for _ in range(3):
            run.log({"loss": 100})
    found = server.run(project)
    assert [value for _, value in points(server, project, found["id"], "loss")] == [0, 1, 2, 3, 4, 100, 100, 100, 8, 9]
    with pytest.raises(UsageError, match="last step of run abc is 9"):
        wandb.init(resume_from="abc?_step=10")
    with pytest.raises(UsageError, match="there is no run"):
        wandb.init(resume_from="xyz?_step=1")


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_a_fork(here: dict[str, str], server: Server, project: str, mode: str) -> None:
    """A fork is a separate run with a parent and a step, the parent's configuration, and steps that follow."""
    with wandb.init(id="parent", mode=mode, config={"lr": 0.1, "net": {"depth": 3}}, tags=["old"]) as run:
        for value in range(10):
            run.log({"loss": value})
    with wandb.init(fork_from="parent?_step=4", mode=mode, config={"net": {"width": 8}}) as run:
        assert run.id != "parent" and (run.step, run.starting_step, run.resumed) == (5, 5, False)
        assert dict(run.config) == {"lr": 0.1, "net": {"width": 8}}  # as wandb, dicts are not merged
        run.log({"loss": 100})
    deliver(Path("wandb"), here)
    numbers = {one["name"]: one["id"] for one in server.get("/api/runs/list", projectName=project)["runs"]}
    fork = server.get(f"/api/runs/details/{max(numbers.values())}", projectName=project)
    assert (fork["forkedFromRunId"], fork["forkStep"]) == (min(numbers.values()), 4)
    assert {key: fork["config"][key] for key in ("lr", "net")} == {"lr": 0.1, "net": {"width": 8}}
    assert points(server, project, fork["id"], "loss") == [(5, 100)]
    if mode == "online":
        with pytest.raises(UsageError, match="there is no run"):
            wandb.init(fork_from="xyz?_step=4")
        with pytest.raises(UsageError, match="from itself"):
            wandb.init(id="parent", fork_from="parent?_step=4")


def test_auto_goes_on_after_a_failure(here: dict[str, str], server: Server, project: str) -> None:
    """`resume="auto"` takes up the run of `wandb-resume.json` until one has ended well."""
    run = wandb.init(resume="auto")
    run.log({"a": 1})
    remembered = json.loads(Path("wandb", "wandb-resume.json").read_text(encoding="utf-8"))
    run.finish(exit_code=1)
    assert remembered == {"run_id": run.id}
    with wandb.init(resume=True) as again:
        assert (again.id, again.step, again.resumed) == (run.id, 1, True)
    assert not Path("wandb", "wandb-resume.json").exists()
    with wandb.init(resume="auto") as fresh:
        assert fresh.id != run.id and fresh.step == 0


def test_define_metric_is_remembered(here: dict[str, str]) -> None:
    """What `define_metric` has defined, and the minimum so far, hold after a resume; so does the time that it ran."""
    with wandb.init(id="abc", mode="offline") as run:
        run.define_metric("loss", summary="min")
        run.log({"loss": 1.0})
        time.sleep(0.1)
        run.log({"loss": 2.0})
    runtime = run.summary["_runtime"]
    with wandb.init(id="abc", mode="offline", resume="allow") as run:
        run.log({"loss": 3.0})
        assert dict(run.summary["loss"]) == {"min": 1.0}
        assert run.summary["_runtime"] >= runtime >= 0.1


def test_an_uploader_that_takes_over_does_not_call_the_run_resumed(
    here: dict[str, str], server: Server, project: str
) -> None:
    """A folder that is delivered by two uploaders, one after the other, is still one run that began here."""
    config = WorkerConfig.of(Settings.read()[0])
    with wandb.init(mode="offline") as run:
        run.log({"a": 1})
    from wandb_compat.uploader.trainer import Trainer

    home = Path(run.sync_dir)
    for _ in range(2):
        work = Worker(home, server.key, config, trainer=Trainer(None), follow=False)
        assert work.run().resumed is False
        (home / "journal" / "uploader.journal").unlink()


PART = """
    import time, wandb
    run = wandb.init(id="abc", resume="allow", settings=wandb.Settings(x_disable_stats=True))
    for value in range(3):
        print(f"line {run.step}")
        run.log({"loss": value, **({"_timestamp": time.time() + 86_400} if run.step < 3 else {})})
    run.finish()
"""


@pytest.mark.parametrize("folder", ["work", "elsewhere"])
def test_time_and_console_lines_go_on(script: Script, server: Server, project: str, folder: str) -> None:
    """The clock of the first part was a day ahead: later rows are not older, and lines have higher numbers."""
    script(PART)
    script(PART, folder=folder)
    run = server.run(project)
    rows = server.metrics(project, run["id"], "loss")
    assert [row["step"] for row in rows] == list(range(6))
    times = [row["time"] for row in rows]
    assert times == sorted(times)
    lines = server.get("/api/runs/logs", projectName=project, runId=run["id"], limit=1000)["logs"]
    numbers = [line["lineNumber"] for line in lines if line["logType"] == "INFO"]
    assert numbers == sorted(set(numbers))
    shown = [line["message"] for line in lines if line["message"].startswith("line ")]
    assert shown == [f"line {step}" for step in range(6)]
