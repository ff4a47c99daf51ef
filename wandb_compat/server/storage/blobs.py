"""Files: metadata in the database, bytes in the data folder, presigned URLs that expire."""

from __future__ import annotations

import hashlib
import hmac
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool

from wandb_compat.server import limits
from wandb_compat.server.limits import Limits
from wandb_compat.server.params import Fields, Query, RequestError
from wandb_compat.server.storage.database import Store

KNOWN_TYPES = {"yml": "yaml"}

Answer = dict[str, Any]


def presign(store: Store, run: int, body: Any, base: str, bounds: Limits) -> Answer:
    """Register files to be uploaded; return `{logName: [{fileName: upload URL}]}`."""
    entries = Fields(body).get("files")
    if not isinstance(entries, list) or not entries:
        raise RequestError(422, "files must be a list with at least one entry")
    rows = []
    answer: dict[str, list[dict[str, str]]] = {}
    for index, entry in enumerate(entries):
        try:
            row = _row(Fields(entry))
        except RequestError as refusal:
            raise RequestError(422, f"files[{index}]: {refusal.message}") from None
        if row["size"] > bounds.upload:
            raise RequestError(
                413, f"files[{index}]: {row['name']} has {row['size']} bytes; at most {bounds.upload} are accepted"
            )
        rows.append({**row, "run": run})
        url = sign_url(store, "PUT", base, run, row["log_name"], row["name"], bounds.upload_url)
        answer.setdefault(row["log_name"], []).append({row["name"]: url})
    with store.write() as connection:
        if not connection.execute("UPDATE run SET seen = ? WHERE id = ?", (store.now(), run)).rowcount:
            raise RequestError(404, f"Run not found: {run}. Create it first and send its number as X-Run-Id")
        connection.executemany(
            "INSERT OR REPLACE INTO file (run, log_name, step, sample, name, type, size, time, caption, annotations)"
            " VALUES (:run, :log_name, :step, :sample, :name, :type, :size, :time, :caption, :annotations)",
            rows,
        )
    return answer


def _row(entry: Fields) -> dict[str, Any]:
    kind = (entry.optional_text("fileType", limits.NAME) or "").lower()
    return {
        "log_name": entry.text("logName"),
        "name": entry.text("fileName", limits.FILE_NAME),
        "step": entry.optional_integer("step") or 0,
        "sample": entry.optional_integer("sampleIndex") or 0,
        "type": KNOWN_TYPES.get(kind, kind),
        "size": entry.integer("fileSize"),
        "time": entry.integer("time", high=limits.TIME),
        "caption": entry.optional_text("caption"),
        "annotations": entry.optional_text("annotations"),
    }


def sign_url(store: Store, method: str, base: str, run: int, log_name: str, name: str, lifetime: float) -> str:
    """Return a presigned URL for one method on one file, valid for `lifetime` seconds.

    As on Pluto, run, log name and file name identify a file: uploading it again replaces its bytes.
    """
    blob = _blob(run, log_name, name)
    expires = str(store.now() + int(lifetime * 1000))
    query = {"name": name, "expires": expires, "signature": _signature(store, method, blob, name, expires)}
    return f"{base}/blob/{blob}?{urlencode(query)}"


def verify_url(store: Store, method: str, blob: str, query: Query) -> tuple[Path, str]:
    """Return path and name of the file of a presigned URL, or raise 403."""
    name, expires = query.optional_text("name") or "", query.optional_text("expires") or ""
    expected = _signature(store, method, blob, name, expires)
    if not hmac.compare_digest(expected.encode(), (query.optional_text("signature") or "").encode()):
        raise RequestError(403, "The URL is not one that this server signed")
    if store.now() > int(expires):
        raise RequestError(403, "The URL has expired; ask for a new one")
    return _path(store, blob), name


def blob_path(store: Store, run: int, log_name: str, name: str) -> Path:
    """Return the path of a file's bytes, which may not have been uploaded yet."""
    return _path(store, _blob(run, log_name, name))


def _blob(run: int, log_name: str, name: str) -> str:
    return hashlib.sha256(f"{run}\n{log_name}\n{name}".encode()).hexdigest()


def _path(store: Store, blob: str) -> Path:
    return store.files / blob[:2] / blob


def _signature(store: Store, method: str, blob: str, name: str, expires: str) -> str:
    text = "\n".join(("blob", method, blob, name, expires))
    return hmac.new(store.key.encode(), text.encode(), hashlib.sha256).hexdigest()


async def write_upload(path: Path, chunks: AsyncIterator[bytes], announced: int | None, bounds: Limits) -> None:
    """Write an upload atomically: the file is replaced once all bytes are on disk."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix="incoming-")
    try:
        size = 0
        with os.fdopen(descriptor, "wb") as stream:
            async for chunk in chunks:
                size += len(chunk)
                if size > bounds.upload:
                    raise RequestError(413, f"The file is larger than {bounds.upload} bytes")
                await run_in_threadpool(stream.write, chunk)
            if announced is not None and size != announced:
                raise RequestError(400, f"{announced} bytes were announced, {size} received")
            stream.flush()
            await run_in_threadpool(os.fsync, stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
