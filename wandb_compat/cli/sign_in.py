"""Takes the choice of where runs go: checks a Pluto key with the server, and stores what is to be remembered."""

from __future__ import annotations

import os
import sys

import click

from wandb_compat.cli import shim
from wandb_compat.config import credentials, login_choice
from wandb_compat.run import login_prompt
from wandb_compat.wire.client import Client
from wandb_compat.wire.endpoints import Endpoints, resolve, server_at
from wandb_compat.wire.errors import EndpointError, WireError


def choose(key: str | None, url: str | None, *, local: bool, offline: bool, check: bool) -> None:
    """Remember where runs go; ask for what is not given.

    Args:
        key: a Pluto key.
        url: base URL of the server that the key is for; None for the one that the environment names.
        local: whether runs go to this machine's server.
        offline: whether runs stay on disk.
        check: whether to ask the server about the key.

    Raises:
        click.ClickException: as `sign_in`, or this machine's server does not start.
        click.UsageError: the options contradict each other.
    """
    if local + offline + bool(key or url) > 1:
        raise click.UsageError("--local, --offline and a key with its --url exclude each other.")
    if not (local or offline or key or url) and sys.stdin.isatty():
        kind = login_prompt.ask(lambda text: str(click.prompt(text, err=True, prompt_suffix="")), _say)
        local, offline = kind == login_choice.LOCAL, kind == login_choice.DISK
    if local:
        if not login_prompt.choose_local(_say):
            raise click.ClickException("the server of this machine does not run, and nothing was remembered")
    elif offline:
        login_prompt.choose_disk(_say)
    else:
        sign_in(key, url, check=check)
    if shim.is_offered():
        _say(f"Optional: {shim.OFFER}.")


def _say(text: str) -> None:
    click.echo(text, err=True)


def sign_in(key: str | None, url: str | None = None, *, check: bool) -> None:
    """Check a key and store it.

    Args:
        key: the key; None to read it from standard input.
        url: base URL of its server, which is remembered; None for the one that the environment names.
        check: whether to ask the server about it.

    Raises:
        click.ClickException: it is not a Pluto key, the server refuses it or cannot be reached, or storing it fails.
    """
    key = (key or _ask()).strip()
    if (fault := credentials.fault(key)) is not None:
        raise click.ClickException(f"this is not a Pluto key, and nothing was stored: it {fault}")
    if not key.startswith(credentials.TOKEN_PREFIXES):
        prefixes = " or ".join(credentials.TOKEN_PREFIXES)
        raise click.ClickException(
            f"this is not a Pluto key, and nothing was stored: Pluto keys begin with {prefixes}. "
            "wandb keys are not accepted. "
            "Make one in the settings of your Pluto organisation; `wandb-compat serve` prints that of its server"
        )
    try:
        endpoints = server_at(url) if url else _configured()
    except EndpointError as error:
        raise click.ClickException(str(error)) from None
    if check:
        click.echo(_check(key, endpoints))
    try:
        place = credentials.store(key)
    except Exception as error:  # each keyring fails in its own way
        raise click.ClickException(
            f"the key cannot be stored ({type(error).__name__}: {error}); set PLUTO_API_KEY instead"
        ) from None
    click.echo(f"The key is stored in {place}.")
    if url:
        file = login_choice.remember(login_choice.Choice(login_choice.SERVER, tuple(endpoints)))
        click.echo(f"Runs go to {endpoints.api}; {file} remembers that.")
    if os.environ.get("PLUTO_API_KEY", key) != key:
        click.echo("PLUTO_API_KEY is set to another key, which is used instead of the stored one.", err=True)


def _ask() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Pluto API key", hide_input=True, err=True))
    if key := sys.stdin.readline().strip():
        return key
    raise click.ClickException("no key was given: pass it as an argument or through standard input")


def _configured() -> Endpoints:
    """Return the URLs of the environment, else the remembered ones of a server, else those of the hosted service."""
    given = [os.environ.get(variable) for variable in login_choice.URL_VARIABLES]
    return resolve(login_choice.urls(key_in_environment=True) or given)


def _check(key: str, endpoints: Endpoints) -> str:
    """Return a message about a key that the server accepts.

    Raises:
        click.ClickException: the server refuses the key or cannot be reached.
    """
    try:
        organisation = Client(endpoints, key).check()
    except WireError as error:
        raise click.ClickException(
            f"{error}. Nothing was stored; `wandb-compat login --no-check` stores a key without asking"
        ) from None
    return f"{endpoints.api} accepts the key" + (f" (organisation {organisation})." if organisation else ".")
