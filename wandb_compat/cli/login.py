"""`wandb-compat login`: checks a Pluto key with the server and stores it where `pluto login` does."""

from __future__ import annotations

import click


@click.command(short_help="Check and store a Pluto key.")
@click.argument("key", required=False)
@click.option("--no-check", is_flag=True, help="Store the key without asking the server about it.")
def command(key: str | None, no_check: bool) -> None:
    """Check a Pluto key and store it for `wandb`, `pluto` and `wandb-compat`.

    Without KEY it is read from standard input; a terminal does not show it. As an argument, other users of the
    machine may see it in the list of processes.

    Example: wandb-compat login
    """
    from wandb_compat.cli.sign_in import sign_in  # slow to import, and not needed for --help

    sign_in(key, check=not no_check)
