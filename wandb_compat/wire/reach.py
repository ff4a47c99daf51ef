"""Asks whether a server can be reached at all, once and without a key."""

from __future__ import annotations

import requests

from wandb_compat.config.limits import REQUEST_TIMEOUT
from wandb_compat.wire import network
from wandb_compat.wire.answers import cause_of, host_of
from wandb_compat.wire.errors import Unavailable


def reach(url: str) -> None:
    """Send a request without a key to the host of a URL; any answer will do.

    Raises:
        Unavailable: none exists.
    """
    try:
        with network.session() as session:
            session.get(url, timeout=REQUEST_TIMEOUT, allow_redirects=False, proxies=network.proxies_for(url))
    except requests.RequestException as error:
        raise Unavailable(f"the Pluto server at {host_of(url)} cannot be reached ({cause_of(error)})") from error
