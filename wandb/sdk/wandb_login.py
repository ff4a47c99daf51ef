"""`wandb.login`: takes a Pluto key and keeps it where `pluto login` does."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from wandb.errors import UsageError
from wandb.errors.term import is_shown, terminput, termlog, termwarn
from wandb_compat.config import credentials, login_choice
from wandb_compat.config.credentials import Credential
from wandb_compat.run import login_prompt

# The key of this process, from `wandb.login(key=...)`; it wins over what is stored.
_session: list[Credential] = []


def login(
    key: str | None = None,
    relogin: bool | None = None,
    host: str | None = None,
    force: bool | None = None,
    timeout: int | None = None,
    verify: bool = True,
    referrer: str | None = None,
    prompt: bool = True,
    anonymous: Any = None,
) -> bool:
    """Make sure that there is a Pluto key.

    Args:
        key: a Pluto key (`mlpi_…` or `mlps_…`); it is stored as `pluto login` stores it. A wandb key is not taken.
        relogin: ask for a key even if there is one.
        force: raise instead of returning False.
        prompt: ask for a key when none exists. Only a person at a terminal is ever asked.
        host, timeout, verify, referrer, anonymous: without meaning for Pluto, accepted. The server checks the key when
            the first run begins.

    Returns:
        Whether there is a key.

    Raises:
        wandb.UsageError: with `force`, when none exists.
    """
    if key is None and not relogin and (found := find_credential()):
        termlog(f"Pluto key found in {found.source}", repeat=False)
        return True
    if key is None and prompt and _at_terminal():
        if not relogin and login_choice.read() is None:
            key = _ask()
        else:
            key = getpass.getpass("wandb: Pluto API key: ").strip()
    if key and _take(key.strip()):
        return True
    if find_credential():  # also beside a wandb key, which a script of the old days may bring
        return True
    if force:
        raise UsageError(f"No Pluto key: {credentials.HINT}")
    return False


def ask_if_nothing_is_configured(key: str | None) -> bool:
    """Ask a user at a terminal where runs go, when neither a key nor an earlier answer tells.

    Args:
        key: one that was given to the run.

    Returns:
        Whether the user was asked.
    """
    is_configured = find_credential(key) is not None or login_choice.read() is not None
    if is_configured or not _at_terminal() or not is_shown("info"):
        return False
    login()
    return True


def _ask() -> str | None:
    """Ask where runs go; return a key if the user gives one, and remember any other answer."""
    kind = login_prompt.ask(terminput, termlog)
    if kind == login_choice.LOCAL:
        login_prompt.choose_local(termlog)
    elif kind == login_choice.DISK:
        login_prompt.choose_disk(termlog)
    elif kind == login_choice.SERVER:
        return getpass.getpass("wandb: Pluto API key: ").strip()
    return None


def find_credential(given: str | None = None) -> Credential | None:
    """Return the key to use: one given to a run, that of `wandb.login(key=...)`, else as `credentials.find`."""
    if given and given.startswith(credentials.TOKEN_PREFIXES):
        return Credential("wandb.Settings(api_key=...)", given)
    return _session[-1] if _session else credentials.find(wandb_disabled=True)


def _take(key: str) -> bool:
    if not key.startswith(credentials.TOKEN_PREFIXES):
        termwarn(f"The key given to wandb.login is not a Pluto key (mlpi_…, mlps_…): it is ignored; {credentials.HINT}")
        return False
    if (fault := credentials.fault(key)) is not None:
        termwarn(f"The key given to wandb.login {fault} It is ignored; {credentials.HINT}")
        return False
    _session.append(Credential("wandb.login()", key))
    try:
        credentials.store(key)
    except Exception as error:  # no home directory, a locked keyring…: the key still serves this process
        termwarn(f"The key cannot be stored and is used by this process only: {type(error).__name__}: {error}")
    return True


def _at_terminal() -> bool:
    try:
        return sys.stdin.isatty() and sys.stderr.isatty()
    except (AttributeError, ValueError):
        return False
