"""`python -m wandb` answers every command of wandb: it does it, or says clearly that it is not there."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import wandb
from tests.helpers import warm_python
from tests.helpers.environments import ROOT
from tests.helpers.offline_runs import Command
from wandb_compat._version import __version__


def test_versions_are_told(cli: Command) -> None:
    """`wandb --version` gives the API's version as integrations read it, `wandb-compat --version` ours."""
    assert cli("--version", module="wandb").stdout.startswith(f"wandb, version {wandb.__version__} ")
    assert cli("--version").stdout == f"wandb-compat, version {__version__}\n"


@pytest.mark.parametrize("words", ["launch --queue q", "job list --help", "server start"])
def test_what_is_not_there_says_what_to_do_instead(cli: Command, words: str) -> None:
    """A command of wandb that Pluto has nothing for ends with 2 and says what to do, whatever its arguments."""
    output = cli(*words.split(), module="wandb", code=2)
    assert f"`wandb {words.split()[0]}` is not available in Pluto: " in output.stderr


SCRIPT = """
import wandb
run = wandb.init(settings={"silent": True})
print(run.settings.mode, run.project, run.entity)
"""


def test_a_folder_keeps_mode_and_project(cli: Command, folder: Path, environment: dict[str, str]) -> None:
    """`init`, `offline`, `online`, `disabled` and `enabled` write wandb's settings file, which scripts begin with."""

    def begun(**variables: str) -> str:
        done = warm_python.run([sys.executable, "-c", SCRIPT], cwd=folder, env={**environment, **variables})
        return done.stdout.strip() or done.stderr

    cli("init", "-p", "kept", "-e", "team", module="wandb")
    cli("offline", module="wandb")
    assert (folder / "wandb" / "settings").read_text().split() == [
        *("[default]", "project", "=", "kept", "entity", "=", "team", "mode", "=", "offline"),
    ]
    assert begun() == "offline kept team"
    assert begun(WANDB_PROJECT="other", WANDB_MODE="disabled") == "disabled other team"
    findings = cli("status", module="wandb").stdout
    assert json.loads(findings[findings.index("{") : findings.index("\n}") + 2])["project"] == "kept"
    hosts = {f"PLUTO_URL_{name}": "http://127.0.0.1:9" for name in ("APP", "API", "INGEST", "PY")}
    findings = cli("status", module="wandb", **hosts).stdout
    assert json.loads(findings[findings.index("{") : findings.index("\n}") + 2])["base_url"] == "http://127.0.0.1:9"
    cli("online", module="wandb")
    assert "mode" not in (folder / "wandb" / "settings").read_text()
    cli("disabled", "--service", module="wandb")
    assert begun() == "disabled kept team"
    cli("enabled", module="wandb")
    assert begun() == "online kept team"
    cli("init", "--reset", "-m", "offline", module="wandb")
    assert begun() == "offline uncategorized"


def test_a_settings_file_that_is_none_is_said(cli: Command, folder: Path, environment: dict[str, str]) -> None:
    """A broken file or a value that does not exist costs a warning, not the run."""
    (folder / "wandb").mkdir()
    (folder / "wandb" / "settings").write_text("[default]\nmode = sometimes\nbase_url = https://api.wandb.ai\n")
    code = "import wandb; print(wandb.init(mode='offline').settings.base_url)"
    done = warm_python.run([sys.executable, "-c", code], cwd=folder, env=environment)
    assert done.returncode == 0 and "mode = sometimes" in done.stderr and "wandb.ai" not in done.stdout
    (folder / "wandb" / "settings").write_text("mode\n")
    done = warm_python.run([sys.executable, "-c", code], cwd=folder, env=environment)
    assert done.returncode == 0 and "settings is ignored" in done.stderr


def test_artifacts_go_up_and_come_back(cli: Command, folder: Path) -> None:
    """`artifact put`, `ls` and `get` log a folder, list it and fetch it; a path that is not there ends with 1."""
    (folder / "data").mkdir()
    (folder / "data" / "a.txt").write_text("kept")
    output = cli("artifact", "put", "-n", "cli-artifacts/data", "-a", "best", "-d", "words", "data", module="wandb")
    assert 'run.use_artifact("cli-artifacts/data:v0")' in output.stderr
    assert "data:v0" in cli("artifact", "ls", "cli-artifacts", module="wandb").stderr
    cli("artifact", "get", "cli-artifacts/data:best", "--root", "back", module="wandb")
    assert (folder / "back" / "a.txt").read_text() == "kept"
    assert "Path argument must be a file" in cli("artifact", "put", "nothing", module="wandb", code=1).stderr
    assert "not found" in cli("artifact", "get", "cli-artifacts/no:v3", module="wandb", code=1).stderr
    assert "cli-artifacts" in cli("projects", module="wandb").stdout


def test_a_run_can_be_pulled_and_restored(cli: Command, folder: Path, environment: dict[str, str]) -> None:
    """`pull` fetches a run's files once, `restore` its configuration; a run that is not there ends with 1."""
    code = """
import pathlib, wandb
pathlib.Path("notes.txt").write_text("mine")
with wandb.init(project="cli-runs", id="pulled", config={"lr": 0.5}) as run:
    run.log({"a": 1})
    run.save("notes.txt")
"""
    warm_python.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True)
    (folder / "notes.txt").unlink()
    assert "File notes.txt" in cli("pull", "-p", "cli-runs", "pulled", module="wandb").stdout
    assert (folder / "notes.txt").read_text() == "mine"
    cli("restore", "--no-git", "cli-runs/pulled", module="wandb")
    assert "lr:\n  value: 0.5" in (folder / "wandb" / "config.yaml").read_text()
    cli("pull", "-p", "cli-runs", "missing", module="wandb", code=1)


def test_verify_logs_a_run_and_reads_it_back(cli: Command, unreachable: dict[str, str]) -> None:
    """`verify` ends with 0 where everything arrives, and with 1 where there is no server."""
    output = cli("verify", module="wandb").stderr
    assert output.count("passed") == 5 and "FAILED" not in output
    cli("verify", module="wandb", code=1, **unreachable, WANDB_COMPAT_FINISH_BUDGET="1")


def test_both_command_lines_offer_their_commands() -> None:
    """The help of both lists what works."""
    help_of = {
        module: subprocess.run(
            [sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=True
        ).stdout
        for module in ("wandb", "wandb_compat")
    }
    assert all(f"  {name} " in help_of["wandb"] for name in ("login", "sync", "status"))
    ours = ("run", "serve", "sync", "status", "doctor", "login", "journal")
    assert all(f"  {name} " in help_of["wandb_compat"] for name in ours)


def test_an_old_login_line_does_not_stop_a_script(cli: Command) -> None:
    """`wandb login` with a wandb key ends with 0 where a Pluto key is there: the script can log."""
    output = cli("login", "0123456789abcdef0123456789abcdef01234567", module="wandb")
    assert "PLUTO_API_KEY" in output.stderr
    assert "0123456789abcdef" not in output.stdout + output.stderr


def test_the_shim_is_the_command_wandb(bare_python: str, folder: Path, environment: dict[str, str]) -> None:
    """`wandb-compat shim` writes `wandb` beside Python, takes it away again, and leaves one that is not ours alone."""

    def call(*words: str, code: int = 0) -> str:
        variables = {**environment, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(words, cwd=folder, env=variables, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    ours = (bare_python, "-m", "wandb_compat", "shim")
    shim = Path(bare_python).with_name("wandb")
    call(*ours)
    assert call(str(shim), "--version").startswith("wandb, version")
    assert call(str(shim), "launch", code=2)
    call(*ours, "--remove")
    assert not shim.exists()
    shim.write_text("#!/usr/bin/python\nimport wandb")
    assert "was not written by this command" in call(*ours, code=1)
    assert shim.read_text().endswith("import wandb")
    shim.unlink()


@pytest.mark.parametrize(
    ("words", "output"),
    [
        ("agent nowhere/nosweep", "Sweep nosweep not found"),
        ("artifact ls nowhere", "Could not find project nowhere"),
        ("artifact get nowhere/nothing:v0", "not found"),
        ("pull nowhere/norun", "Could not find run"),
        ("restore nowhere/norun", "Could not find run"),
        ("sweep nofile.yaml", "nofile.yaml"),
    ],
)
def test_what_is_missing_is_said_in_a_line(cli: Command, words: str, output: str) -> None:
    """The exit code is wandb's 1, and no traceback is shown."""
    done = cli(*words.split(), module="wandb", code=1)
    assert output in done.stderr and "Traceback" not in done.stderr


def test_logs_of_tensorboard_are_sent(cli: Command, folder: Path, environment: dict[str, str]) -> None:
    """`wandb sync FOLDER` logs event files as a run, which `wandb.Api().sync_tensorboard` does too."""
    event = pytest.importorskip("tensorboard.compat.proto.event_pb2").Event
    (folder / "logs").mkdir()
    with (folder / "logs" / "events.out.tfevents.1.here").open("wb") as file:  # writers would load all of TensorFlow
        for step in (0, 5):
            text = event(step=step, summary={"value": [{"tag": "loss", "simple_value": step}]}).SerializeToString()
            file.write(struct.pack("<Q4x", len(text)) + text + bytes(4))
    assert "would log 1 event files" in cli("sync", "logs", "--dry-run", module="wandb").stdout
    cli("sync", "logs", "--id", "events1", "-p", "events", "--job-type", "old", module="wandb")
    call = "import wandb; wandb.Api().sync_tensorboard('logs', 'events2', 'events')"
    warm_python.run([sys.executable, "-c", call], cwd=folder, env=environment, check=True, timeout=120)
    read = (
        "import wandb\n"
        "for id in ('events1', 'events2'):\n"
        "    run = wandb.Api().run(f'events/{id}')\n"
        "    print(run.job_type, run.state, [(row['loss'], row['global_step']) for row in run.scan_history()])\n"
    )
    line = [sys.executable, "-c", read]
    done = warm_python.run(line, cwd=folder, env=environment, check=True, timeout=120)
    assert done.stdout.splitlines() == ["old finished [(0, 0), (5, 5)]", "None finished [(0, 0), (5, 5)]"]
    assert "does not exist" in cli("sync", "absent", code=1, module="wandb").stderr
