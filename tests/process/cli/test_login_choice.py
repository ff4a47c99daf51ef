"""From nothing to a run on this machine's server: a question at a terminal, or one option."""

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.offline_runs import Command
from wandb_compat.server.serve import Running

SCRIPT = """
import wandb
with wandb.init(project="first") as run:
    run.log({"loss": 1})
"""


@pytest.fixture
def environment(clean_environment: dict[str, str], folder: Path) -> Iterator[dict[str, str]]:
    """The variables of a new user: no key, no URL; the server that was started is stopped in the end."""
    variables = {**clean_environment, "DISABLE_WANDB_LOGGING": "true"}
    for name in [name for name in variables if name.startswith("PLUTO_URL_") or name == "PLUTO_API_KEY"]:
        del variables[name]
    (folder / "train.py").write_text(SCRIPT)
    yield variables
    subprocess.run([sys.executable, "-m", "wandb_compat", "serve", "--stop"], env=variables, check=True, timeout=60)


def at_terminal(folder: Path, environment: dict[str, str], *answers: tuple[str, str]) -> str:
    """Run the script at a terminal; give each answer when the text before it has appeared; return what was shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "train.py"], cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown, seen = "", 0
    left = list(answers)
    while True:
        try:
            data = os.read(ours, 4096)
        except OSError:  # the terminal closes with its last process
            break
        if not data:
            break
        shown += data.decode(errors="replace")
        if left and left[0][0] in shown[seen:]:
            seen = len(shown)
            os.write(ours, left.pop(0)[1].encode() + b"\n")
    os.close(ours)
    assert process.wait(60) == 0, shown
    assert not left, shown
    return shown


def without_terminal(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the script as a job does; return what it printed."""
    return subprocess.run(
        [sys.executable, "train.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )


def test_a_new_user_is_asked_once(folder: Path, environment: dict[str, str], cli: Command) -> None:
    """The first run asks, starts the server and arrives there; later ones, without a terminal too, go there unasked,
    also when the server was stopped in between."""
    first = at_terminal(folder, environment, ("Your choice: ", "7"), ("Your choice: ", "1"))
    assert "'7' is not 1, 2 or 3" in first
    assert "Started the Pluto server of this machine" in first
    assert "View run" in first and "http://127.0.0.1:" in first and "trainy" not in first
    again = at_terminal(folder, environment)
    assert "Your choice" not in again and "Started" not in again and "View run" in again
    cli("serve", "--stop")
    unasked = without_terminal(folder, environment)
    assert "Started the Pluto server of this machine" in unasked.stderr
    assert "/o/local/projects/first/3" in unasked.stderr
    assert "accepts the key" in cli("doctor", code=None).stdout


def test_runs_stay_on_disk_if_the_user_wants(folder: Path, environment: dict[str, str]) -> None:
    """The choice is remembered, and no warning about a missing key follows."""
    first = at_terminal(folder, environment, ("Your choice: ", "3"))
    again = at_terminal(folder, environment)
    assert "Runs are kept on disk" in first and "Your choice" not in again
    for shown in (first, again):
        assert "No Pluto key" not in shown and "wandb-compat sync" in shown


def test_without_a_terminal_nothing_is_asked(folder: Path, environment: dict[str, str]) -> None:
    """A job or a notebook goes on, with a warning that names the command."""
    done = without_terminal(folder, environment)
    assert "Your choice" not in done.stderr and "wandb-compat login" in done.stderr


def test_login_local_and_run_need_no_exports(folder: Path, environment: dict[str, str], cli: Command) -> None:
    """`run` uses the local server when nothing is configured; `login --local` makes every script do so, and `serve`
    finds the server that runs."""
    ran = cli("run", "train.py")
    assert "Logging to the Pluto server of this machine" in ran.stderr and "/o/local/projects/first/1" in ran.stderr
    assert "remembers that" in cli("login", "--local").stderr
    assert "runs already" in cli("serve").stdout and "/signin?" in cli("serve").stdout
    assert "exclude each other" in cli("login", "--local", "--offline", code=2).stderr


def test_the_url_of_a_server_is_remembered_with_its_key(
    folder: Path, environment: dict[str, str], cli: Command, pluto_server: Running
) -> None:
    """Scripts find a self-hosted server without an export."""
    url, key = pluto_server.url, pluto_server.key
    assert f"Runs go to {url}" in cli("login", "--url", url, input=key + "\n").stdout
    done = without_terminal(folder, environment)
    assert f"at: {url}/" in done.stderr
