"""Uploads files: announces them to the server, sends each to the URL that it gives, and then releases them."""

from __future__ import annotations

import logging
import mimetypes
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path
from typing import Any

from wandb_compat.spool import os_errors, records, safe_paths, staging
from wandb_compat.spool.records import File
from wandb_compat.uploader import finish_media
from wandb_compat.uploader.session import Session
from wandb_compat.wire.client import Client
from wandb_compat.wire.errors import Unavailable

log = logging.getLogger(__name__)

PRESIGN_LIMIT = 10  # files that a server lets announce at once
SENDERS = 8  # connections on which files are sent at once


class Uploads:
    """Sends the files of one run, several at once; called by one thread only."""

    def __init__(self, run_dir: Path, session: Session) -> None:
        self._run_dir = run_dir
        self._session = session
        self._clients = [session.new_client()]  # one a sender; more are made when there is work for them
        self._uploaded: set[str] = set()  # paths of files that are tried again together with others

    def send(self, lines: list[bytes]) -> list[tuple[int, str]]:
        """Upload the files that records name; return (index, reason) of those that cannot be sent.

        Raises:
            WireError: not all of them were taken this time.
        """
        files = [records.parse(File, line) for line in lines]
        return [
            (index, "the file is gone, cannot be read, or is outside the run directory") for index in self.upload(files)
        ]

    def upload(self, files: list[File], on_uploaded: Callable[[File], None] = lambda file: None) -> list[int]:
        """Upload any number of files; return the indexes of those that are gone.

        Args:
            files: what to upload.
            on_uploaded: called with each file that was uploaded, from any thread.

        Raises:
            WireError: not all of them were taken this time.
        """
        readable, unavailable = list[bool](), None
        for file in files:
            try:
                readable.append(file.path in self._uploaded or self._prepare(file))
            except Unavailable as error:  # the others need not wait for what is missing here
                readable.append(False)
                unavailable = error
        # Of several files with one key and name the server keeps one: it must be the last.
        last = {(file.key, file.name): index for index, file in enumerate(files) if readable[index]}
        wanted = [files[index] for index in sorted(last.values()) if files[index].path not in self._uploaded]
        self._upload_all(list(_batches(wanted)), on_uploaded)
        if unavailable is not None:
            raise unavailable
        self._uploaded.clear()
        return [index for index, here in enumerate(readable) if not here]

    def _upload_all(self, batches: list[list[File]], on_uploaded: Callable[[File], None]) -> None:
        left, lock, errors = iter(batches), threading.Lock(), list[Exception]()

        def next_batch() -> list[File] | None:
            with lock:
                return None if errors else next(left, None)

        def work(client: Client) -> None:
            while (batch := next_batch()) is not None:
                try:
                    with os_errors.retryable():
                        self._upload_batch(client, batch, on_uploaded)
                except Exception as error:
                    errors.append(error)

        while len(self._clients) < min(SENDERS, len(batches)):
            self._clients.append(self._session.new_client())
        # No pool: its threads would be waited for when the uploader ends.
        senders = [
            threading.Thread(target=copy_context().run, args=(work, client), name="sender", daemon=True)
            for client in self._clients[1 : len(batches)]
        ]
        for sender in senders:
            sender.start()
        work(self._clients[0])
        for sender in senders:
            sender.join()
        if errors:
            raise errors[0]

    def _upload_batch(self, client: Client, files: list[File], on_uploaded: Callable[[File], None]) -> None:
        urls = client.presign(self._session.headers, [self._entry(file) for file in files])
        for file in files:
            if file.name not in urls:
                raise Unavailable(f"the Pluto server gives no upload URL for {file.name!r}")
            path = safe_paths.inside(self._run_dir, file.path)
            if staging.was_overwritten(path):
                log.warning("%s was overwritten after it was logged; its present content is sent", file.key)
            kind = "mask" if file.type == "mask" else mimetypes.guess_type(path)[0] or "application/octet-stream"
            with path.open("rb") as content:
                client.upload(urls[file.name], content, kind)
            self._uploaded.add(file.path)
            on_uploaded(file)

    def _prepare(self, file: File) -> bool:
        try:
            path = safe_paths.inside(self._run_dir, file.path)
        except safe_paths.UnsafePath as error:
            log.error("not uploaded: %s", error)
            return False
        return _compress(path)

    def release(self, lines: list[bytes]) -> None:
        """Delete uploaded files; only once that is noted, or a restarted uploader would miss them."""
        for line in lines:
            staging.release(self._run_dir, records.parse(File, line).path)

    def _entry(self, file: File) -> dict[str, Any]:
        entry = {
            "fileName": file.name,
            "fileSize": safe_paths.inside(self._run_dir, file.path).stat().st_size,
            "fileType": file.type,
            "time": file.time,
            "logName": file.key,
            "step": file.step,
            "sampleIndex": file.sample,
        }
        optional = {"caption": file.caption, "annotations": file.annotations}
        return {**entry, **{name: value for name, value in optional.items() if value is not None}}


def _compress(path: Path) -> bool:
    """Compress a staged file if it needs that; return whether it can be sent."""
    try:
        with os_errors.retryable():
            finish_media.develop(path)
            with path.open("rb"):
                return True
    except Unavailable:
        raise
    except ImportError as error:
        raise Unavailable(f"a video cannot be encoded here: {error}; install wandb-compat[media] and numpy") from error
    except Exception as error:  # the file is gone, or ffmpeg rejects its frames: the others are still sent
        log.error("%s: %s: %s", path, type(error).__name__, error)
        return False


def _batches(files: list[File]) -> Iterator[list[File]]:
    """Yield files to announce together: few enough for the server, and so that every sender gets some.

    Two files with one name would get one URL: they are never announced together.
    """
    size = min(PRESIGN_LIMIT, -(-len(files) // SENDERS))
    rounds: dict[int, list[File]] = {}
    seen: Counter[str] = Counter()
    for file in files:
        rounds.setdefault(seen[file.name], []).append(file)
        seen[file.name] += 1
    for one in rounds.values():
        yield from (one[start : start + size] for start in range(0, len(one), size))
