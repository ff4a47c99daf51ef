"""Help is quick, complete, and suggests a command for a misspelled one."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from wandb_compat import cli

SLOW = {"pydantic", "requests", "rich", "psutil", "numpy", "pluto.op", "starlette"}


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_help_of_a_command(name: str) -> None:
    """The list of commands has the first line of each command's own help."""
    command = cli.main.get_command(click.Context(cli.main), name)
    assert command is not None
    assert command.get_short_help_str(200).rstrip(".") == cli.COMMANDS[name].rstrip(".")


@pytest.mark.parametrize("command", ["", "run", "sync", "status", "compare", "doctor", "login", "journal", "shim"])
def test_help_imports_no_large_library(command: str) -> None:
    """`--help` imports nothing that takes long, so that it appears at once."""
    code = (
        "import sys\n"
        "from wandb_compat.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: print('modules', *sys.modules)"
    )
    line = [sys.executable, "-c", code, *command.split(), "--help"]
    done = subprocess.run(line, capture_output=True, text=True, check=True)
    shown, modules = done.stdout.split("\nmodules ")
    assert "Usage:" in shown
    assert not SLOW & set(modules.split())


def test_examples() -> None:
    """Every command's help has an example, but for the group `journal`, whose subcommands are the examples."""
    for name in cli.COMMANDS:
        command = cli.main.get_command(click.Context(cli.main), name)
        assert command is not None and command.help is not None
        if name != "journal":
            assert f"Example: wandb-compat {name}" in command.help, name


def test_a_misspelled_command() -> None:
    """An unknown command ends with 2, and the nearest one is suggested."""
    done = CliRunner().invoke(cli.main, ["statsu"])
    assert done.exit_code == 2
    assert "No such command 'statsu'. Did you mean 'status'?" in done.output
    assert "Did you mean" not in CliRunner().invoke(cli.main, ["xyzzy"]).output
