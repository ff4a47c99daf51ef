"""Texts that a server's key signs, with their expiry: one-time tickets, sessions, and links to one run's view."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time

EMBED_LIFETIME = 12 * 3600  # seconds until the frame in a notebook expires
# The embedded server has one organisation, `local`; a run's page has its number.
_RUN_PAGE = re.compile(r"(https?://[^/]+)(/o/local/projects/[^/]+/(\d+))$")


def sign(key: str, what: str, lifetime: float) -> str:
    """Return a new signed text.

    Args:
        key: the server's key.
        what: what the text allows; part of the signature only.
        lifetime: seconds until it expires.
    """
    text = f"{int(time.time() + lifetime)}.{secrets.token_urlsafe(12)}"
    return f"{text}.{digest(key, what, text)}"


def verify(key: str, what: str, given: str) -> bool:
    """Return whether a text is genuine, is for `what`, and has not expired."""
    text, _, signature = given.rpartition(".")
    end = text.partition(".")[0]
    genuine = hmac.compare_digest(signature.encode(), digest(key, what, text).encode())
    return genuine and end.isdecimal() and int(end) > time.time()


def digest(key: str, *parts: str) -> str:
    """Return the signature of texts."""
    return hmac.new(key.encode(), "\n".join(parts).encode(), hashlib.sha256).hexdigest()


def embed_link(page: str, key: str) -> str | None:
    """Return the URL of a run's view that a notebook may frame; it reads this run only, and expires.

    Args:
        page: URL of the run's page.
        key: the server's key.

    Returns:
        None for a page that is not one of the embedded server.
    """
    found = _RUN_PAGE.match(page)
    if found is None:
        return None
    base, path, number = found.groups()
    return f"{base}/embed/{sign(key, embed_right(number), EMBED_LIFETIME)}{path}"


def embed_right(number: int | str) -> str:
    """Return what the token of a frame allows: to read the run of this number."""
    return f"embed:{number}"
