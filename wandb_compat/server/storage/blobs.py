"""Files: metadata in the database, bytes in the data folder, presigned URLs that expire."""

from __future__ import annotations

import contextlib
import filecmp
import hashlib
import hmac
import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool

from wandb_compat.server import limits
from wandb_compat.server.limits import Limits
from wandb_compat.server.params import Fields, Query, RequestError, StoreError, TextError, ValidationError
from wandb_compat.server.storage.database import Store
from wandb_compat.server.storage.runs import ORGANIZATION, RUNNING

KNOWN_TYPES = {"yml": "yaml"}
# How the real object store answers to an upload under a key that it does not store: status, code and message.
FAULTS = {
    "dots": (403, "SignatureDoesNotMatch", "A part of the key is . or .., which clients and stores remove"),
    "key": (400, "KeyTooLongError", f"The key has more than {limits.OBJECT_KEY} bytes"),
    "part": (400, "XMinioInvalidObjectName", f"A part of the key has more than {limits.OBJECT_KEY_PART} bytes"),
}

SIGNED = ("name", "expires", "issued", "size", "run", "fault")  # what the signature of a presigned URL covers

Answer = dict[str, Any]


def presign(store: Store, run: int, body: Any, base: str, bounds: Limits, project: str | None = None) -> Answer:
    """Register files to be uploaded; return `{logName: [{fileName: upload URL}]}`.

    On the real server, and here if duplicates are kept, each call adds a row for each file, whether it is uploaded
    or not. Otherwise a file that is announced again replaces its row.

    Args:
        store: the data folder.
        run: number of the run; files of an unknown run are accepted and never listed.
        body: the request, an object with `files`.
        base: the server's base URL.
        bounds: the limits.
        project: name of the project in the request; files under another name than the run's are never listed.
    """
    entries = body.get("files") if isinstance(body, dict) else None
    if not isinstance(entries, list):
        raise TextError(422, "files must be a list")
    rows = []
    answer: dict[str, list[dict[str, str]]] = {}
    for index, entry in enumerate(entries):
        try:
            row = _row(Fields(entry))
        except RequestError as error:
            raise TextError(422, f"files[{index}]: {error.message}") from None
        rows.append({**row, "run": run})
        key = run, row["log_name"], row["name"]
        fault = object_key_fault(project or "", *key)
        url = sign_url(store, "PUT", base, *key, bounds.upload_url, fault, row["size"])
        answer.setdefault(row["log_name"], []).append({row["name"]: url})

    def write(connection: sqlite3.Connection) -> None:
        known = connection.execute(
            "UPDATE run SET seen = ? WHERE id = ? AND (? IS NULL OR project = (SELECT id FROM project WHERE name = ?))",
            (store.now(), run, project, project),
        ).rowcount
        if known and not store.options.keep_duplicates:
            connection.executemany(
                "DELETE FROM file WHERE run = :run AND log_name = :log_name AND step = :step AND sample = :sample"
                " AND name = :name",
                rows,
            )
        if known:
            connection.executemany(
                "INSERT INTO file (run, log_name, step, sample, name, type, size, time, caption, annotations)"
                " VALUES (:run, :log_name, :step, :sample, :name, :type, :size, :time, :caption, :annotations)",
                rows,
            )

    store.write_acknowledged(write)
    return answer


def _row(entry: Fields) -> dict[str, Any]:
    kind = entry.get("fileType")
    if isinstance(kind, dict) and isinstance(kind.get("custom"), str):
        kind = kind["custom"]
    elif isinstance(kind, str):
        kind = KNOWN_TYPES.get(kind.lower(), kind.lower())
    else:
        raise ValidationError("fileType must be text")
    if "sampleIndex" in entry and entry.get("sampleIndex") is None:
        raise ValidationError("sampleIndex must be an integer, not null")
    return {
        "log_name": entry.any_text("logName"),
        "name": entry.any_text("fileName"),
        "step": entry.integer("step"),
        "sample": entry.optional_integer("sampleIndex") or 0,
        "type": kind,
        "size": entry.integer("fileSize"),
        "time": entry.integer("time", high=limits.TIME),
        "caption": entry.optional_text("caption"),
        "annotations": entry.optional_text("annotations"),
    }


def object_key_fault(project: str, run: int, log_name: str, name: str) -> str:
    """Return why the real object store refuses uploads under a key, one of FAULTS, or an empty text."""
    parts = f"{ORGANIZATION}/{project}/{run}/{log_name}/{name}".split("/")
    if "." in parts or ".." in parts:
        return "dots"
    if len("/".join(parts).encode()) > limits.OBJECT_KEY:
        return "key"
    if any(len(part.encode()) > limits.OBJECT_KEY_PART for part in parts):
        return "part"
    return ""


def sign_url(
    store: Store,
    method: str,
    base: str,
    run: int,
    log_name: str,
    name: str,
    lifetime: float,
    fault: str = "",
    size: int | None = None,
) -> str:
    """Return a presigned URL for one method on one file, valid for `lifetime` seconds.

    As on Pluto, run, log name and file name identify a file: uploading it again replaces its bytes. A URL for an
    upload takes one content of the announced size, also when it is sent again, and, if the run is running, no longer
    than it runs. Its type is that of the announced name, whatever the upload says.

    Args:
        store: the data folder.
        method: GET or PUT.
        base: the server's base URL.
        run, log_name, name: the file.
        lifetime: in seconds.
        fault: one of FAULTS, with which an upload will be refused.
        size: bytes of an upload.
    """
    blob, now = _blob(run, log_name, name), store.now()
    query = {"name": name, "expires": str(now + int(lifetime * 1000))}
    if method == "PUT":
        with contextlib.suppress(OSError):  # after the last upload, which may be of this millisecond
            now = max(now, _milliseconds(_path(store, blob)) + 1)
        query |= {"issued": str(now), "size": str(size)}
        if _status(store, run) == RUNNING:
            query["run"] = str(run)
        if fault:
            query["fault"] = fault
    return f"{base}/blob/{blob}?{urlencode({**query, 'signature': _signature(store, method, blob, query)})}"


def verify_url(store: Store, method: str, blob: str, query: Query) -> tuple[Path, str]:
    """Return path and name of the file of a presigned URL, or raise 403 or the fault of its key."""
    signed = {name: text for name in SIGNED if (text := query.optional_text(name)) is not None}
    expected = _signature(store, method, blob, signed)
    if not hmac.compare_digest(expected.encode(), (query.optional_text("signature") or "").encode()):
        raise RequestError(403, "The URL is not one that this server signed")
    if store.now() > int(signed["expires"]):
        raise RequestError(403, "The URL has expired; ask for a new one")
    if "fault" in signed:
        raise StoreError(*FAULTS[signed["fault"]])
    return _path(store, blob), signed["name"]


def check_upload(store: Store, path: Path, query: Query, length: int, bounds: Limits) -> bool:
    """Raise 413 for an upload that is too large, 403 for one that the presigned URL does not allow.

    Args:
        store: the data folder.
        path: the file.
        query: of the URL, which is verified.
        length: bytes of the upload.
        bounds: the limits.

    Returns:
        Whether the URL was used already.
    """
    if length > bounds.upload:
        raise StoreError(413, "EntityTooLarge", f"At most {bounds.upload} bytes are accepted")
    if length != int(query.text("size")):
        raise RequestError(403, f"The URL is for {query.text('size')} bytes, not {length}")
    if "run" in query and _status(store, int(query.text("run"))) != RUNNING:
        raise RequestError(403, "The run has ended since the URL was signed; ask for a new one")
    with contextlib.suppress(FileNotFoundError):
        return _milliseconds(path) >= int(query.text("issued"))
    return False


def _status(store: Store, run: int) -> str | None:
    with store.read() as connection:
        row = connection.execute("SELECT status FROM run WHERE id = ?", (run,)).fetchone()
    return None if row is None else str(row[0])


def _milliseconds(path: Path) -> int:
    """Return when a file was uploaded."""
    return path.stat().st_mtime_ns // 1_000_000


def blob_path(store: Store, run: int, log_name: str, name: str) -> Path:
    """Return the path of a file's bytes, which may not have been uploaded yet."""
    return content_path(store.files, run, log_name, name)


def content_path(files: Path, run: int, log_name: str, name: str) -> Path:
    """Return the path of a file's bytes in the folder `files` of a data folder."""
    blob = _blob(run, log_name, name)
    return files / blob[:2] / blob


def _blob(run: int, log_name: str, name: str) -> str:
    return hashlib.sha256(f"{run}\n{log_name}\n{name}".encode()).hexdigest()


def _path(store: Store, blob: str) -> Path:
    return store.files / blob[:2] / blob


def _signature(store: Store, method: str, blob: str, query: dict[str, str]) -> str:
    text = "\n".join(("blob", method, blob, *(f"{name}={quote(query[name])}" for name in sorted(query))))
    return hmac.new(store.key.encode(), text.encode(), hashlib.sha256).hexdigest()


async def write_upload(store: Store, path: Path, chunks: AsyncIterator[bytes], announced: int, again: bool) -> None:
    """Write an upload atomically: the file is replaced once all bytes are on disk.

    Args:
        store: the data folder.
        path: the file.
        chunks: its bytes.
        announced: how many there are.
        again: whether the URL was used already: a client whose answer was lost sends the same bytes again, others are
            refused with 403.
    """
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix="incoming-")
    try:
        size = 0
        with os.fdopen(descriptor, "wb") as stream:
            async for chunk in chunks:
                size += len(chunk)
                await run_in_threadpool(stream.write, chunk)
            if size != announced:
                raise RequestError(400, f"{announced} bytes were announced, {size} received")
            stream.flush()
            await run_in_threadpool(os.fsync, stream.fileno())
        if again and not await run_in_threadpool(filecmp.cmp, temporary, path, shallow=False):
            raise RequestError(403, "The URL was used already for other bytes; ask for a new one")
        now = store.now() * 1_000_000
        os.utime(temporary, ns=(now, now))  # by which a URL is known to be used
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
