"""`wandb-compat doctor`: shows which wandb is active and why, and whether runs reach a Pluto server."""

from __future__ import annotations

import sys

import click


@click.command(short_help="Check the installation: active wandb, key, server.")
@click.option("--api", is_flag=True, help="Show instead how each name of wandb is supported in pluto mode.")
def command(api: bool) -> None:
    """Show which wandb is active and why, which key is used, and whether the server can be reached.

    The exit code is 0 when runs can reach Pluto, and 1 when there is a problem. Keys are never shown.

    Example: wandb-compat doctor
    """
    from wandb_compat.cli.doctor_checks import examine, show_api  # slow to import, and not needed for --help

    if api:
        show_api()
        return
    healthy = True
    for finding in examine():
        click.echo(f"{finding.level:<8} {finding.text}")
        healthy &= finding.level != "problem"
    sys.exit(0 if healthy else 1)
