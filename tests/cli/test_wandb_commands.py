"""`python -m wandb` answers every command of wandb: it does it, or says clearly that it is not there."""

import subprocess
import sys

import pytest

import wandb
from tests.cli.runs import Command
from wandb_compat import __version__


def test_versions_are_told(cli: Command) -> None:
    """`wandb --version` gives the API's version as integrations read it, `wandb-compat --version` ours."""
    assert cli("--version", module="wandb").stdout.startswith(f"wandb, version {wandb.__version__} ")
    assert cli("--version").stdout == f"wandb-compat, version {__version__}\n"


@pytest.mark.parametrize("words", ["launch --queue q", "job list --help", "artifact put a", "server start"])
def test_what_is_not_there_says_so(cli: Command, words: str) -> None:
    """A command of wandb that is not there yet ends with 2 and names itself, whatever its arguments."""
    said = cli(*words.split(), module="wandb", code=2)
    assert f"`wandb {words.split()[0]}` is not available" in said.stderr


@pytest.mark.parametrize(("word", "mode"), [("offline", "offline"), ("disabled", "disabled"), ("on", "online")])
def test_modes_name_the_variable(cli: Command, word: str, mode: str) -> None:
    """The mode of a folder is not kept in a file; the sentence names the variable that does the same."""
    assert f"WANDB_MODE={mode}" in cli(word, module="wandb", code=2).stderr


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
    said = cli("login", "0123456789abcdef0123456789abcdef01234567", module="wandb")
    assert "PLUTO_API_KEY" in said.stderr
    assert "0123456789abcdef" not in said.stdout + said.stderr
