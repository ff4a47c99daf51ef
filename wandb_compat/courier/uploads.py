"""Uploads of files: announced to the server, put where it says, and then no longer kept."""

from __future__ import annotations

import json
import logging
import mimetypes
from pathlib import Path
from typing import Any

from wandb_compat import staging
from wandb_compat.courier.session import Session
from wandb_compat.wire.client import Unavailable

log = logging.getLogger(__name__)

PRESIGN_LIMIT = 10  # files that a server lets announce at once


class Uploads:
    """Sends the files of one run; of its own thread alone."""

    def __init__(self, home: Path, session: Session) -> None:
        self._home = home
        self._session = session
        self._client = session.another_client()

    def send(self, lines: list[bytes]) -> list[tuple[int, str]]:
        """Upload the files that records name; return (index, reason) of those that cannot be sent.

        Raises:
            WireError: not all of them were taken this time.
        """
        return [
            (index, "the file is gone or cannot be read") for index in self.put([json.loads(line) for line in lines])
        ]

    def put(self, files: list[dict[str, Any]]) -> list[int]:
        """Upload any number of files, each in the form of a file record; return the indexes of those that are gone.

        Raises:
            WireError: not all of them were taken this time.
        """
        gone = [index for index, file in enumerate(files) if not _readable(self._home / file["path"])]
        left = [file for index, file in enumerate(files) if index not in gone]
        while left:
            # Two files of one name would get one URL: the second waits for the next round.
            batch = list({file["name"]: file for file in reversed(left)}.values())[:PRESIGN_LIMIT]
            self._send(batch)
            sent = set(map(id, batch))
            left = [file for file in left if id(file) not in sent]
        return gone

    def _send(self, files: list[dict[str, Any]]) -> None:
        urls = self._client.presign(self._session.headers, [self._entry(file) for file in files])
        for file in files:
            if file["name"] not in urls:
                raise Unavailable(f"the Pluto server names no place for {file['name']!r}")
            path = self._home / file["path"]
            if staging.changed(path):
                log.warning("%s was overwritten after it was logged; what it holds now is sent", file["key"])
            kind = "mask" if file["type"] == "mask" else mimetypes.guess_type(path)[0] or "application/octet-stream"
            with path.open("rb") as content:
                self._client.upload(urls[file["name"]], content, kind)

    def done(self, lines: list[bytes]) -> None:
        """Let go of what has arrived; only once that is noted, or a courier that takes over would miss the files."""
        for line in lines:
            staging.release(self._home, json.loads(line)["path"])

    def _entry(self, file: dict[str, Any]) -> dict[str, Any]:
        entry = {
            "fileName": file["name"],
            "fileSize": (self._home / file["path"]).stat().st_size,
            "fileType": file["type"],
            "time": file["time"],
            "logName": file["key"],
            "step": file["step"],
            "sampleIndex": file["sample"],
        }
        optional = {name: file[name] for name in ("caption", "annotations") if file[name] is not None}
        return {**entry, **optional}


def _readable(path: Path) -> bool:
    try:
        with path.open("rb"):
            return True
    except OSError:
        return False
