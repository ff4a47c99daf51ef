"""The command line `wandb-compat`: one module per command, imported when it is used."""

from __future__ import annotations

from importlib import import_module

import click

from wandb_compat._version import __version__

# Ordered by use, each with the line that `--help` shows: it must not import the commands.
COMMANDS = {
    "run": "Run a command with the drop-in `wandb` first on the path.",
    "serve": "Serve Pluto on this machine until Ctrl-C.",
    "sync": "Upload runs that are not on the Pluto server yet.",
    "import": "Upload runs on disk, or a server's data folder, to a Pluto server.",
    "export": "Copy projects of a Pluto server into a data folder.",
    "plot": "Draw metrics of a run over its steps.",
    "status": "Show how much of each run is on the server.",
    "compare": "Compare local wandb runs with their Pluto copies.",
    "doctor": "Check the installation: active wandb, key, server.",
    "inventory": "List the names of wandb that a code base uses.",
    "verify-server": "Check a Pluto server before you log to it.",
    "login": "Choose where runs go, and remember it.",
    "journal": "Show the journal of a run.",
    "shim": "Install the command `wandb`, when the real wandb is not installed.",
}
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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of the first argument; an unknown one is an error with a suggestion."""
        if not ctx.resilient_parsing and args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands)
@click.version_option(__version__, prog_name="wandb-compat")
def main() -> None:
    """Run unchanged wandb scripts that log to Pluto."""
