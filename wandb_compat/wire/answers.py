"""Reads what a server answers: bounded in size and time, and distinguished from what cannot come from Pluto."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from math import isfinite
from time import monotonic
from typing import Any, NamedTuple

import requests
from urllib3.exceptions import NewConnectionError

from wandb_compat.config.limits import ANSWER_LIMIT, ANSWER_TIME, REASON_LIMIT, WAIT_LIMIT
from wandb_compat.wire.errors import TOO_LARGE, Refused, Unavailable, UploadRejected, WireError
from wandb_compat.wire.network import PIECE, certificate_hint

TRANSIENT = {408, 429}  # besides 5xx and whatever is neither success nor the caller's fault
# Codes of object stores by which they refuse a file for good, and those of an upload that broke off.
UNSTORABLE = {"EntityTooLarge", "KeyTooLongError", "InvalidObjectName", "XMinioInvalidObjectName", "InvalidURI"}
INTERRUPTED = {"RequestTimeout", "IncompleteBody", "OperationAborted"}


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
    text = answer.body[:REASON_LIMIT].decode("utf-8", "replace").strip()
    if text.startswith("<"):
        return _markup_reason(text) or answer.reason or "an answer in markup"
    return text[:500] or answer.reason


def _markup_reason(text: str) -> str:
    """Return the words of a page, or of a store's XML, that explain it: markup is never shown."""
    code, message, title = (
        match[1].strip() if (match := re.search(rf"<{tag}[^>]*>([^<]*)</{tag}>", text, re.IGNORECASE)) else ""
        for tag in ("code", "message", "title")
    )
    return " ".join((f"{code}: {message}".strip(": ") or (title and f"a page titled {title!r}")).split())[:500]


def upload_error(url: str, answer: Answer) -> WireError:
    """Return the error for a store's answer that refuses a file."""
    match = re.search(rb"<Code>([^<]*)</Code>", answer.body)
    code = match[1].decode("utf-8", "replace").strip() if match else ""
    notice = f"{host_of(url)} answers {answer.status} to a file upload: {reason_of(answer)}"
    if answer.status in (TOO_LARGE, 414) or (answer.status == 400 and code in UNSTORABLE):
        return Refused(notice, TOO_LARGE if code == "EntityTooLarge" else answer.status)
    if answer.status == 404 or answer.status >= 500 or answer.status in TRANSIENT or code in INTERRUPTED:
        return Unavailable(notice, retry_after(answer))
    return UploadRejected(notice, retry_after(answer))  # 403: the URL has expired, or does not fit the request


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
    return (text.rsplit(": ", 1)[-1][:200] or type(error).__name__) + certificate_hint(error)
