"""Keys that other tools have left where wandb keeps them, and the signing in to Pluto under wandb's names."""

from __future__ import annotations

import contextlib
import netrc
import os
from pathlib import Path
from urllib.parse import urlsplit

from wandb.errors import Error


class WriteNetrcError(Error):
    """The key could not be written to `.netrc`."""


def read_netrc_auth(*, host: str) -> str | None:
    """Return the key that `wandb login` wrote to `.netrc` for a host, given as a URL or a bare name, or None."""
    machine = urlsplit(host).hostname or host
    try:
        found = netrc.netrc(_netrc()).authenticators(machine)
    except (OSError, netrc.NetrcParseError):
        return None
    return found[2] if found else None


def write_netrc_auth(*, host: str, api_key: str) -> None:
    """Write a key to `.netrc`, where `read_netrc_auth` finds it; only the user can read the file.

    Raises:
        WriteNetrcError: it cannot be written.
    """
    machine = urlsplit(host).hostname or host
    path = Path(_netrc() or Path.home() / ".netrc")
    try:
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        words = old.split()
        if machine in words[1::2] or f"machine {machine}" in old:
            kept = netrc.netrc(str(path))
            kept.hosts[machine] = ("user", None, api_key)
            text = repr(kept).replace("\taccount None\n", "")
        else:
            text = f"{old.rstrip()}\n" if old.strip() else ""
            text += f"machine {machine}\n  login user\n  password {api_key}\n"
        path.touch(mode=0o600)
        with contextlib.suppress(OSError):  # a disk without permissions
            path.chmod(0o600)
        path.write_text(text, encoding="utf-8")
    except (OSError, netrc.NetrcParseError) as error:
        raise WriteNetrcError(f"Unable to write {path}: {error}") from error


def check_api_key(api_key: str) -> str | None:
    """Return what is wrong with the form of a Pluto key, or None."""
    from wandb_compat.config.credentials import TOKEN_PREFIXES

    return None if api_key.startswith(TOKEN_PREFIXES) else f"Pluto keys begin with {' or '.join(TOKEN_PREFIXES)}"


def _netrc() -> str | None:
    """Return the file that NETRC names."""
    return os.environ.get("NETRC") or None
