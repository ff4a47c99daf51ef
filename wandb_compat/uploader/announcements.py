"""Keeps presigned URLs until their files are uploaded, also across restarts of the uploader.

A server adds an entry to the run and counts the file's size against a quota each time that a file is announced, so a
file is announced once, and again only when its URL has expired or is refused.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from wandb_compat.system.file_access import open_binary

LIFETIME = 3600.0  # seconds that a URL is valid unless it says otherwise
MARGIN = 60.0  # seconds before its end from which a URL is not used any more, for clocks and long uploads
# Seconds between two new announcements of a file whose fresh URL is refused too, doubled each time: the store is at
# fault, and each announcement adds an entry.
RENEWAL = 60.0
REFUSALS = 3  # refused URLs of one file, after which the file is at fault if the store accepts others

FileId = tuple[str, str]  # key and name


@dataclass(slots=True)
class Announcement:
    """The URL of one file; `until` and `renewal` are s since the epoch."""

    url: str
    until: float
    refusals: int = 0  # URLs of this file that were refused
    renewal: float | None = None  # when it may be announced again, once this URL was refused


class Announcements:
    """The URLs of one run's files that are not uploaded yet; may be used by several threads."""

    def __init__(self, path: Path | None = None) -> None:
        """Prepare.

        Args:
            path: file to keep them in, None to keep them in memory only.
        """
        self._path = path
        self._run: int | None = None
        self._known: dict[FileId, Announcement] = {}
        self._lock = threading.Lock()

    def open(self, run: int) -> None:
        """Read what an earlier uploader has left, of this run of the server; for another run start anew."""
        with self._lock:
            if self._run == run:
                return
            self._run = run
            self._known.clear()
            lines: list[bytes] = []
            if self._path is not None:
                with contextlib.suppress(OSError):
                    lines = self._path.read_bytes().splitlines()
            for line in lines:
                with contextlib.suppress(ValueError, TypeError, KeyError):  # the last one, after a crash
                    self._read(json.loads(line))

    def _read(self, document: dict[str, Any]) -> None:
        number, key, name = document.pop("run"), document.pop("key"), document.pop("name")
        if number == self._run:
            self._known[key, name] = Announcement(**document)

    def url(self, file: FileId) -> str | None:
        """Return the URL to upload a file to, None if the file must be announced."""
        with self._lock:
            known = self._known.get(file)
        if known is None or time() >= known.until:
            return None
        return None if known.renewal is not None and time() >= known.renewal else known.url

    def add(self, file: FileId, url: str) -> None:
        """Note the URL of a file that was announced."""
        with self._lock:
            before = self._known.get(file)
            refusals = before.refusals if before is not None else 0
            self._note(file, Announcement(url, time() + max(0.0, _lifetime(url) - MARGIN), refusals))

    def refuse(self, file: FileId) -> bool:
        """Note that the store refuses the URL of a file; return whether it has refused so many that it is the file."""
        with self._lock:
            known = self._known.get(file)
            if known is None:
                return False
            if known.renewal is None:
                known.refusals += 1
                pause = RENEWAL * 2 ** (known.refusals - 2) if known.refusals > 1 else 0.0
                known.renewal = time() + pause
                self._note(file, known)
            return known.refusals >= REFUSALS

    def forget(self, files: Iterable[FileId]) -> None:
        """Drop the URLs of files that are done with and noted."""
        with self._lock:
            for file in files:
                self._known.pop(file, None)
            if not self._known and self._path is not None:
                with contextlib.suppress(OSError):
                    self._path.unlink(missing_ok=True)

    def _note(self, file: FileId, announcement: Announcement) -> None:
        self._known[file] = announcement
        if self._path is None:
            return
        document = {"run": self._run, "key": file[0], "name": file[1], **asdict(announcement)}
        with contextlib.suppress(OSError):  # a full disk: a restarted uploader will announce the file again
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = open_binary(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(descriptor, json.dumps(document).encode() + b"\n")
            finally:
                os.close(descriptor)


def _lifetime(url: str) -> float:
    """Return the seconds for which a fresh presigned URL is valid."""
    query = parse_qs(urlsplit(url).query)
    for name in ("X-Amz-Expires", "X-Goog-Expires"):
        with contextlib.suppress(ValueError, KeyError):
            return float(query[name][0])
    return LIFETIME
