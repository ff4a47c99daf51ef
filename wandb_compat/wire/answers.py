"""Reads what a server answers: bounded in size and time, and distinguished from what cannot come from Pluto."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from math import isfinite
from time import monotonic
from typing import Any, NamedTuple

import requests
from urllib3.exceptions import NewConnectionError

from wandb_compat.config.limits import ANSWER_LIMIT, ANSWER_TIME, REASON_LIMIT, WAIT_LIMIT
from wandb_compat.wire.errors import Unavailable

PIECE = 1024  # bytes sent or read at once: each may take the connection's whole timeout, so 1 kB/s is fast enough


class Answer(NamedTuple):
    """A server's answer: status, headers and at most ANSWER_LIMIT bytes."""

    status: int
    reason: str
    headers: requests.structures.CaseInsensitiveDict[str]
    body: bytes


def read_answer(response: requests.Response) -> Answer:
    """Read an answer, of an error no more than the start.

    Raises:
        Unavailable: it is larger or slower than any that Pluto gives.
        requests.RequestException: it breaks off.
    """
    limit = ANSWER_LIMIT if response.ok else REASON_LIMIT
    until = monotonic() + ANSWER_TIME
    body = bytearray()
    for piece in response.iter_content(PIECE):
        body += piece
        if len(body) > limit:
            if not response.ok:
                break
            raise Unavailable(f"the Pluto server at {host_of(response.url)} answers with more than {limit} bytes")
        if monotonic() > until:
            raise Unavailable(f"the Pluto server at {host_of(response.url)} answers for more than {ANSWER_TIME:g} s")
    return Answer(response.status_code, response.reason or "", response.headers, bytes(body[:limit]))


def unexpected_answer(url: str) -> Unavailable:
    """Return the error for an answer that cannot come from a Pluto server."""
    return Unavailable(f"{url} does not answer like a Pluto server")


def is_text(body: bytes) -> bool:
    """Whether an answer can be Pluto's: an HTML page is that of a captive portal or a proxy."""
    try:
        return not body.decode().lstrip().startswith("<")
    except UnicodeDecodeError:
        return False


def is_ingest_answer(answer: Answer) -> bool:
    """Whether an answer of a 2xx status can be that of an ingest route: a text, or an object that describes no run."""
    if answer.status == 206:
        return False
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return True  # plain text
    return isinstance(document, str) or (isinstance(document, dict) and "runId" not in document)


def is_json_object(body: bytes) -> bool:
    """Whether a body is a JSON object, as every answer of an API route is."""
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def is_store_answer(answer: Answer) -> bool:
    """Whether an answer of status 200 or 201 to an upload is that of an object store, which says nothing more."""
    return not answer.body.strip()


def json_object(answer: Answer) -> dict[str, Any]:
    """Return the answer's JSON object, or an empty one: the ingest routes answer with plain text."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def reason_of(answer: Answer) -> str:
    """Return the text by which an answer explains itself."""
    document = json_object(answer)
    for field in ("message", "detail", "error"):
        text = document.get(field)
        if isinstance(text, dict):  # of a field that failed validation
            text = text.get("message") or text
        if text:
            return str(text)[:500]
    return answer.body[:500].decode("utf-8", "replace").strip() or answer.reason


def retry_after(answer: Answer) -> float | None:
    """Return the seconds that an answer asks to wait, given as such or as a date, or None."""
    text = answer.headers.get("Retry-After", "")
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        seconds = (moment - datetime.now(timezone.utc)).total_seconds()
    return min(max(seconds, 0.0), WAIT_LIMIT) if isfinite(seconds) else None


def host_of(url: str) -> str:
    """Return scheme and host of a URL."""
    return "/".join(url.split("/", 3)[:3])


def may_have_arrived(error: Exception) -> bool:
    """Whether a request that failed with a network error may have reached the server."""
    inner: Any = error
    while inner is not None:
        if isinstance(inner, (requests.ConnectTimeout, NewConnectionError)):
            return False
        args = getattr(inner, "args", ())
        nested = getattr(inner, "reason", None) or (args[0] if args else None)
        inner = nested if isinstance(nested, Exception) and nested is not inner else None
    return True


def cause_of(error: Exception) -> str:
    """Return the innermost reason of a nested network error, in a few words."""
    inner: Any = error
    while getattr(inner, "args", None) and isinstance(inner.args[0], Exception):
        inner = inner.args[0]
    reason = getattr(inner, "reason", None)
    text = str(reason if isinstance(reason, Exception) else inner)
    return text.rsplit(": ", 1)[-1][:200] or type(error).__name__
