"""Uploads of files: announced to the server, put where it says, and then no longer kept."""

from __future__ import annotations

import json
import logging
import mimetypes
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path
from typing import Any

from wandb_compat.spool import os_errors, staging
from wandb_compat.uploader import finish_media
from wandb_compat.uploader.session import Session
from wandb_compat.wire.client import Client
from wandb_compat.wire.errors import Unavailable

log = logging.getLogger(__name__)

PRESIGN_LIMIT = 10  # files that a server lets announce at once
SENDERS = 8  # connections on which files are sent at once


class Uploads:
    """Sends the files of one run, several at once; called by one thread alone."""

    def __init__(self, run_dir: Path, session: Session) -> None:
        self._run_dir = run_dir
        self._session = session
        self._clients = [session.another_client()]  # one a sender; more are made when there is work for them
        self._arrived: set[str] = set()  # of files that are tried again together with others

    def send(self, lines: list[bytes]) -> list[tuple[int, str]]:
        """Upload the files that records name; return (index, reason) of those that cannot be sent.

        Raises:
            WireError: not all of them were taken this time.
        """
        return [
            (index, "the file is gone or cannot be read") for index in self.put([json.loads(line) for line in lines])
        ]

    def put(self, files: list[dict[str, Any]], sent: Callable[[dict[str, Any]], None] = lambda file: None) -> list[int]:
        """Upload any number of files, each in the form of a file record; return the indexes of those that are gone.

        Args:
            files: what to upload.
            sent: called with each file that has arrived, from any thread.

        Raises:
            WireError: not all of them were taken this time.
        """
        readable, waits = list[bool](), None
        for file in files:
            try:
                readable.append(file["path"] in self._arrived or _readable(self._run_dir / file["path"]))
            except Unavailable as error:  # the others need not wait for what is missing here
                readable.append(False)
                waits = error
        # Of several under one key and name the server keeps one: the last has to be it.
        last = {(file["key"], file["name"]): index for index, file in enumerate(files) if readable[index]}
        wanted = [files[index] for index in sorted(last.values()) if files[index]["path"] not in self._arrived]
        batches = list(_batches(wanted))
        left, lock, errors = iter(batches), threading.Lock(), list[Exception]()

        def work(client: Client) -> None:
            while not errors:
                with lock:
                    batch = next(left, None)
                if batch is None:
                    return
                try:
                    with os_errors.retryable():
                        self._send(client, batch, sent)
                except Exception as error:
                    errors.append(error)

        while len(self._clients) < min(SENDERS, len(batches)):
            self._clients.append(self._session.another_client())
        # No pool: its threads would be waited for when the uploader has to go.
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
        if waits is not None:
            raise waits
        self._arrived.clear()
        return [index for index, here in enumerate(readable) if not here]

    def _send(self, client: Client, files: list[dict[str, Any]], sent: Callable[[dict[str, Any]], None]) -> None:
        urls = client.presign(self._session.headers, [self._entry(file) for file in files])
        for file in files:
            if file["name"] not in urls:
                raise Unavailable(f"the Pluto server names no place for {file['name']!r}")
            path = self._run_dir / file["path"]
            if staging.was_overwritten(path):
                log.warning("%s was overwritten after it was logged; what it holds now is sent", file["key"])
            kind = "mask" if file["type"] == "mask" else mimetypes.guess_type(path)[0] or "application/octet-stream"
            with path.open("rb") as content:
                client.upload(urls[file["name"]], content, kind)
            self._arrived.add(file["path"])
            sent(file)

    def done(self, lines: list[bytes]) -> None:
        """Let go of what has arrived; only once that is noted, or an uploader that takes over would miss the files."""
        for line in lines:
            staging.release(self._run_dir, json.loads(line)["path"])

    def _entry(self, file: dict[str, Any]) -> dict[str, Any]:
        entry = {
            "fileName": file["name"],
            "fileSize": (self._run_dir / file["path"]).stat().st_size,
            "fileType": file["type"],
            "time": file["time"],
            "logName": file["key"],
            "step": file["step"],
            "sampleIndex": file["sample"],
        }
        optional = {name: file[name] for name in ("caption", "annotations") if file[name] is not None}
        return {**entry, **optional}


def _readable(path: Path) -> bool:
    """Whether a file can be sent; one that was only written down is finished first."""
    try:
        with os_errors.retryable():
            finish_media.develop(path)
            with path.open("rb"):
                return True
    except Unavailable:
        raise
    except ImportError as error:
        raise Unavailable(f"a video cannot be encoded here: {error}; install wandb-compat[media] and numpy") from error
    except Exception as error:  # a file that is gone, frames that ffmpeg does not like: the others have still to go
        log.error("%s: %s: %s", path, type(error).__name__, error)
        return False


def _batches(files: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield files to announce together: few enough for the server, and so that every sender gets some.

    Two files of one name would get one URL: they never come together.
    """
    size = min(PRESIGN_LIMIT, -(-len(files) // SENDERS))
    rounds: dict[int, list[dict[str, Any]]] = {}
    seen: Counter[str] = Counter()
    for file in files:
        rounds.setdefault(seen[file["name"]], []).append(file)
        seen[file["name"]] += 1
    for one in rounds.values():
        yield from (one[start : start + size] for start in range(0, len(one), size))
