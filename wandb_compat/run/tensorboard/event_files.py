"""Reads event files while they grow."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import Any

_LENGTH = Struct("<QI")  # of the record, and a checksum of that
_TAIL = 4  # bytes of the record's own checksum
_NAME = re.compile(r"tfevents\.(\d+)\.(.+)")


class EventFile:
    """One file: yields each event once, as far as it is on disk.

    TensorBoard's own reader would load all of TensorFlow where that is installed, or compute checksums in Python.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._place = 0

    def events(self) -> Iterator[Any]:
        """Yield the events that have come since the last call; what is half written is left for the next one."""
        from tensorboard.compat.proto.event_pb2 import Event

        try:
            file = self.path.open("rb")
        except OSError:  # deleted by the script
            return
        with file:
            while True:
                file.seek(self._place)
                head = file.read(_LENGTH.size)
                if len(head) < _LENGTH.size:
                    return
                size, _ = _LENGTH.unpack(head)
                record = file.read(size + _TAIL)
                if len(record) < size + _TAIL:
                    return
                self._place += _LENGTH.size + size + _TAIL
                yield Event.FromString(record[:size])


def event_files(folder: Path, since: float) -> list[Path]:
    """Return the event files that this machine has begun in a folder since a time, in seconds since the epoch."""
    host = socket.gethostname()
    found = []
    for file in folder.glob("*tfevents*"):
        name = _NAME.search(file.name)
        if name and int(name[1]) >= int(since) and name[2].startswith(host):
            found.append(file)
    return sorted(found)
