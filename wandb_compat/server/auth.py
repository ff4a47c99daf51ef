"""Sign-in to the page: one-time tickets and session cookies.

Both are signed with the server's key and contain their expiry, so a restart ends no session; only sessions that were
signed out are stored. A cookie grants access to the page's paths, which edit runs too; logging requires the key.
"""

from __future__ import annotations

import hmac
import time
from pathlib import Path
from urllib.parse import urlencode

from wandb_compat.wire.signed_text import digest, embed_right, sign, verify

TICKET = 600  # seconds until a sign-in link expires
SESSION = 30 * 86400  # seconds until a session expires


def sign_in_link(base: str, key: str, path: str = "/") -> str:
    """Return a URL that signs a browser in once and then shows a page of the server.

    Args:
        base: the server's base URL.
        key: its key.
        path: the path of the page.
    """
    return f"{base}/signin?{urlencode({'ticket': sign(key, 'ticket', TICKET), 'next': path})}"


class PageAuth:
    """Issues and checks the session cookies and one-time tickets of one server.

    Args:
        key: the server's key.
        ended: file with the sessions that were signed out; None keeps them in memory only.
    """

    def __init__(self, key: str, ended: Path | None = None) -> None:
        self._key = key
        self._used: dict[str, float] = {}
        self._ended_file = ended
        self._ended = set[str]()
        if ended is not None and ended.exists():  # of a damaged file the sound lines count
            self._ended.update(ended.read_text(encoding="ascii", errors="replace").split())
        self.cookie_name = (
            f"wandb_compat_{digest(key, 'name')[:12]}"  # cookies ignore ports: each server needs another name
        )

    def new_session(self) -> str:
        """Return the cookie value of a new session."""
        return sign(self._key, "session", SESSION)

    def is_valid_session(self, cookie: str) -> bool:
        """Return whether a cookie is genuine and has not expired."""
        return cookie not in self._ended and verify(self._key, "session", cookie)

    def end_session(self, cookie: str) -> None:
        """Make the cookie of a session invalid, also after a restart."""
        if not self.is_valid_session(cookie):
            return
        self._ended.add(cookie)
        if self._ended_file is not None:
            live = [one for one in self._ended if verify(self._key, "session", one)]
            self._ended_file.write_text("\n".join(live), encoding="ascii")

    def is_valid_key(self, given: str) -> bool:
        """Return whether a text is the server's key."""
        return hmac.compare_digest(given.strip().encode(), self._key.encode())

    def may_read_run(self, token: str, number: str) -> bool:
        """Return whether the token of a notebook's frame is valid for the run of a number."""
        return verify(self._key, embed_right(number), token)

    def redeem_ticket(self, ticket: str) -> bool:
        """Return whether a ticket is valid; each is valid once."""
        now = time.time()
        self._used = {text: end for text, end in self._used.items() if end > now}
        if not verify(self._key, "ticket", ticket) or ticket in self._used:
            return False
        self._used[ticket] = now + TICKET
        return True
