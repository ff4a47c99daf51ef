"""Checks a Pluto key with the server, and stores it."""

from __future__ import annotations

import os
import sys

import click

from wandb_compat.config import credentials
from wandb_compat.config.settings import Settings
from wandb_compat.wire.client import Client
from wandb_compat.wire.endpoints import resolve
from wandb_compat.wire.errors import EndpointError, WireError


def sign_in(key: str | None, *, check: bool) -> None:
    """Check a key and store it.

    Args:
        key: the key; None to read it from standard input.
        check: whether to ask the server about it.

    Raises:
        click.ClickException: it is not a Pluto key, the server refuses it or cannot be reached, or storing it fails.
    """
    key = (key or _ask()).strip()
    if not key.startswith(credentials.TOKEN_PREFIXES):
        prefixes = " or ".join(credentials.TOKEN_PREFIXES)
        raise click.ClickException(
            f"this is not a Pluto key, and nothing was stored: Pluto keys begin with {prefixes}. "
            "wandb keys are not accepted. "
            "Make one in the settings of your Pluto organisation; `wandb-compat serve` prints that of its server"
        )
    if check:
        click.echo(_check(key))
    try:
        place = credentials.store(key)
    except Exception as error:  # each keyring fails in its own way
        raise click.ClickException(
            f"the key cannot be stored ({type(error).__name__}: {error}); set PLUTO_API_KEY instead"
        ) from None
    click.echo(f"The key is stored in {place}.")
    if os.environ.get("PLUTO_API_KEY", key) != key:
        click.echo("PLUTO_API_KEY is set to another key, which is used instead of the stored one.", err=True)


def _ask() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Pluto API key", hide_input=True, err=True))
    if key := sys.stdin.readline().strip():
        return key
    raise click.ClickException("no key was given: pass it as an argument or through standard input")


def _check(key: str) -> str:
    """Return a message about a key that the server accepts.

    Raises:
        click.ClickException: the server refuses the key or cannot be reached.
    """
    try:
        endpoints = resolve(Settings.read()[0].urls)
        organisation = Client(endpoints, key).check()
    except (EndpointError, WireError) as error:
        raise click.ClickException(
            f"{error}. Nothing was stored; `wandb-compat login --no-check` stores a key without asking"
        ) from None
    return f"{endpoints.api} accepts the key" + (f" (organisation {organisation})." if organisation else ".")
