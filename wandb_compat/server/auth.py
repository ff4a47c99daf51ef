"""Who may look at the page: links that sign in once, and the cookie that a browser keeps.

Both are signed with the server's key and say when they end, so nothing is stored and a restart signs nobody out. A
cookie opens the page's own addresses, which only read; what writes takes the key alone.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from urllib.parse import urlencode

TICKET = 600  # seconds that a link for signing in lives
SESSION = 30 * 86400  # seconds that a browser stays signed in


def link(base: str, key: str, path: str = "/") -> str:
    """Return an address that signs a browser in, once, and then shows a page of the server.

    Args:
        base: the server's base URL.
        key: its key.
        path: the page, from the slash on.
    """
    return f"{base}/signin?{urlencode({'ticket': _signed(key, 'ticket', TICKET), 'next': path})}"


class Doorkeeper:
    """Knows the cookies and the tickets of one server, and which tickets are used up."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._used: dict[str, float] = {}
        self.cookie_name = f"wandb_compat_{_digest(key, 'name')[:12]}"  # cookies know no ports: each server has its own

    def cookie(self) -> str:
        """Return the value of a new session's cookie."""
        return _signed(self._key, "session", SESSION)

    def knows(self, cookie: str) -> bool:
        """Return whether a cookie is one of ours that has not ended."""
        return _genuine(self._key, "session", cookie)

    def is_key(self, given: str) -> bool:
        """Return whether a text is the server's key."""
        return hmac.compare_digest(given.strip().encode(), self._key.encode())

    def takes(self, ticket: str) -> bool:
        """Return whether a ticket lets somebody in; it does so only once."""
        now = time.time()
        self._used = {text: end for text, end in self._used.items() if end > now}
        if not _genuine(self._key, "ticket", ticket) or ticket in self._used:
            return False
        self._used[ticket] = now + TICKET
        return True


def _signed(key: str, what: str, lifetime: float) -> str:
    text = f"{int(time.time() + lifetime)}.{secrets.token_urlsafe(12)}"
    return f"{text}.{_digest(key, what, text)}"


def _genuine(key: str, what: str, given: str) -> bool:
    text, _, signature = given.rpartition(".")
    end = text.partition(".")[0]
    genuine = hmac.compare_digest(signature.encode(), _digest(key, what, text).encode())
    return genuine and end.isdecimal() and int(end) > time.time()


def _digest(key: str, *parts: str) -> str:
    return hmac.new(key.encode(), "\n".join(parts).encode(), hashlib.sha256).hexdigest()
