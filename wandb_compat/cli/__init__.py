"""The command line `wandb-compat`: one module a command, loaded when it is asked for."""

from __future__ import annotations

from importlib import import_module

import click

from wandb_compat._version import __version__

COMMANDS = ("run", "serve", "sync", "import", "plot", "status", "compare", "doctor", "login", "journal", "shim")
MODULES = {"import": "import_"}  # where Python has taken the word


class Commands(click.Group):
    """Finds each command in the module of its name: `run` must not wait for the imports of the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of a newcomer's day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, or None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"wandb_compat.cli.{MODULES.get(cmd_name, cmd_name)}").command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="wandb-compat")
def main() -> None:
    """Unchanged wandb scripts that log to Pluto."""
