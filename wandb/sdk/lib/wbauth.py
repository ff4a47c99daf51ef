"""Keys that other tools have left where wandb keeps them."""

from __future__ import annotations

import netrc
from urllib.parse import urlsplit


def read_netrc_auth(*, host: str) -> str | None:
    """Return the key that `wandb login` wrote to `.netrc` for a host, given as a URL or a bare name, or None."""
    machine = urlsplit(host).hostname or host
    try:
        found = netrc.netrc().authenticators(machine)
    except (OSError, netrc.NetrcParseError):
        return None
    return found[2] if found else None
