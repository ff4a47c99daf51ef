"""The command line `wandb-compat`: one module per command, imported when it is used."""

from __future__ import annotations

from importlib import import_module

import click

from wandb_compat._version import __version__

COMMANDS = (
    "run",
    "serve",
    "sync",
    "import",
    "plot",
    "status",
    "compare",
    "doctor",
    "verify-server",
    "login",
    "journal",
    "shim",
)
MODULES = {"import": "import_", "verify-server": "verify_server"}


class Commands(click.Group):
    """Imports only the module of the command that is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, ordered by use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, or None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"wandb_compat.cli.{MODULES.get(cmd_name, cmd_name)}").command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="wandb-compat")
def main() -> None:
    """Run unchanged wandb scripts that log to Pluto."""
