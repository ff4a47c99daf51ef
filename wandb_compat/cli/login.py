"""`wandb-compat login`: chooses where runs go, and remembers it."""

from __future__ import annotations

import click


@click.command(short_help="Choose where runs go, and remember it.")
@click.argument("key", required=False)
@click.option("--key", "key_option", metavar="KEY", help="The Pluto key, in place of the argument.")
@click.option("--url", metavar="URL", help="Base URL of a self-hosted server; it is remembered with the key.")
@click.option("--local", is_flag=True, help="Use the Pluto server of this machine, and start it.")
@click.option("--offline", is_flag=True, help="Keep runs on disk until `wandb-compat sync`.")
@click.option("--no-check", is_flag=True, help="Store the key without asking the server about it.")
def command(
    key: str | None, key_option: str | None, url: str | None, local: bool, offline: bool, no_check: bool
) -> None:
    """Choose where runs go. The choice is remembered, for scripts, notebooks and services alike.

    Without an argument a terminal asks; elsewhere the key is read from standard input. A key is checked and stored for
    `wandb`, `pluto` and `wandb-compat`. As an argument, other users of the machine may see it in the list of
    processes. Variables (PLUTO_API_KEY, PLUTO_URL_…) win over what is remembered.

    Example: wandb-compat login --local
    """
    from wandb_compat.cli.sign_in import choose  # slow to import, and not needed for --help

    choose(key or key_option, url, local=local, offline=offline, check=not no_check)
