"""Reads back what the real wandb has recorded of a run: its `.wandb` file, without needing wandb itself.

The file is a LevelDB log: blocks of 32 KiB of framed pieces, each with a CRC-32. A record is a Protocol Buffers message
`Record`; the numbers of the fields below are those of `wandb/proto/wandb_internal.proto`, which releases only add to.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct
from typing import Any

from wandb_compat.spool.config_merge import dict_at

MAGIC = b":W&B"
HEAD = 7  # bytes of the file's own header: MAGIC, a number, a version
BLOCK = 32 * 1024
_FRAME = Struct("<IHB")  # checksum, size, kind of piece
_WHOLE, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4

_HISTORY, _SUMMARY, _CONFIG, _FILES, _ARTIFACT, _RUN, _EXIT = 2, 3, 5, 6, 8, 17, 18
_OF_WANDB = 1  # type of a file that wandb adds by itself
_MEDIA = 2

Fields = dict[int, list[Any]]  # by field number: integers, and bytes for all that has a length


class NotRecorded(ValueError):
    """The path names no record of the real wandb."""


@dataclass(slots=True)
class Artifact:
    """One version of an artifact that the run has logged."""

    name: str
    type: str
    digest: str
    aliases: list[str]


@dataclass(slots=True)
class Recorded:
    """A run as its record tells it.

    `rows` are the history: by step the values by key, nested keys joined with `.`. `exit` is the exit code, None where
    the record has no end. `damaged` counts stretches of bytes whose checksum is wrong: of a run that goes on, the end.
    """

    id: str = ""
    entity: str = ""
    project: str = ""
    name: str = ""
    notes: str = ""
    group: str = ""
    job_type: str = ""
    sweep: str = ""
    tags: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)  # what `save` has added, as paths in the run's files
    artifacts: list[Artifact] = field(default_factory=list)
    exit: int | None = None
    damaged: int = 0


def locate(path: Path) -> list[Path]:
    """Return the files `run-<id>.wandb` of one run, the oldest first.

    Args:
        path: a folder such as `wandb/run-20260101_000000-<id>`, a link to one such as `wandb/latest-run`, or the file
            in it. Of a run that was resumed, the folders of the same id beside it are parts.

    Raises:
        NotRecorded: there is no such file, or more than one run.
    """
    path = path.resolve()
    files = [path] if path.is_file() else sorted(path.glob("run-*.wandb"))
    if len(files) != 1:
        raise NotRecorded(f"{path} holds {len(files) or 'no'} run-<id>.wandb; name the folder of one run")
    (file,) = files
    return sorted(file.parent.parent.glob(f"*run-*/{file.name}")) or [file]


def read(files: list[Path]) -> Recorded:
    """Return what the files of one run tell together, a later word before an earlier one.

    Raises:
        NotRecorded: one is no record of the real wandb.
    """
    run = Recorded()
    for file in files:
        for record in records(file):
            if record is None:
                run.damaged += 1
            else:
                _take(run, record)
    return run


def records(file: Path) -> Iterator[bytes | None]:
    """Yield the encoded records of a file, None for a stretch of bytes that is damaged or torn off.

    Raises:
        NotRecorded: this is no record of the real wandb.
    """
    with file.open("rb") as stream:
        if stream.read(HEAD)[: len(MAGIC)] != MAGIC:
            raise NotRecorded(f"{file} is no record of the real wandb")
        parts: list[bytes] | None = None
        while block := stream.read(BLOCK - stream.tell() % BLOCK):
            place = 0
            while place + _FRAME.size <= len(block):
                checksum, size, kind = _FRAME.unpack_from(block, place)
                piece = block[place + _FRAME.size : place + _FRAME.size + size]
                if len(piece) < size or zlib.crc32(piece, zlib.crc32(bytes([kind]))) != checksum:
                    parts = None
                    yield None
                    break  # the next block begins with a frame
                place += _FRAME.size + size
                if kind in (_WHOLE, _FIRST):
                    parts = []
                if parts is not None:
                    parts.append(piece)
                    if kind in (_WHOLE, _LAST):
                        yield b"".join(parts)
                        parts = None


def fields(message: bytes) -> Fields:
    """Return the fields of a Protocol Buffers message.

    Raises:
        ValueError: it is none.
    """
    found: Fields = {}
    place = 0
    try:
        while place < len(message):
            tag, place = _varint(message, place)
            kind = tag & 7
            value: Any
            if kind == 0:
                value, place = _varint(message, place)
            else:
                size, place = _varint(message, place) if kind == 2 else ({1: 8, 5: 4}[kind], place)
                value = message[place : place + size]
                place += size
            found.setdefault(tag >> 3, []).append(value)
    except (IndexError, KeyError) as problem:
        raise ValueError("no Protocol Buffers message") from problem
    return found


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place


def _take(run: Recorded, record: bytes) -> None:
    for number, bodies in fields(record).items():
        take = _TAKES.get(number)
        if take is not None:
            take(run, fields(bodies[-1]))


def _run(run: Recorded, said: Fields) -> None:
    run.id, run.entity, run.project = _text(said, 1), _text(said, 2), _text(said, 3)
    run.group, run.job_type, run.sweep = _text(said, 6), _text(said, 7), _text(said, 12)
    run.name, run.notes = _text(said, 8), _text(said, 9)
    run.tags = [tag.decode() for tag in said.get(10, [])]
    for change in said.get(4, []):
        _config(run, fields(change))
    for change in said.get(5, []):
        _summary(run, fields(change))


def _config(run: Recorded, said: Fields) -> None:
    _change(run.config, said)


def _summary(run: Recorded, said: Fields) -> None:
    _change(run.summary, said)


def _change(into: dict[str, Any], said: Fields) -> None:
    for number, update in ((1, True), (2, False)):
        for item in said.get(number, []):
            path, value = _item(fields(item))
            if update:
                _put(into, path, value)
            else:
                dict_at(into, path[:-1]).pop(path[-1], None)


def _put(into: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    dict_at(into, path[:-1])[path[-1]] = value


def _history(run: Recorded, said: Fields) -> None:
    row: dict[str, Any] = {}
    for item in said.get(1, []):
        _put(row, *_item(fields(item)))
    counted = fields(said[2][-1]).get(1, [0])[-1] if 2 in said else 0
    values = run.rows.setdefault(int(row.get("_step") or counted), {})
    for key, value in row.items():
        values.update(_flat(key, value))


def _flat(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and "_type" not in value:
        for inner, one in value.items():
            yield from _flat(f"{key}.{inner}", one)
    else:
        yield key, value


def _item(said: Fields) -> tuple[tuple[str, ...], Any]:
    """Return path and value of an item of history, configuration or summary."""
    path = tuple(part.decode() for part in said.get(2, [])) or (_text(said, 1),)
    text = _text(said, 16)
    return path, json.loads(text) if text else None


def _file(run: Recorded, said: Fields) -> None:
    for item in map(fields, said.get(1, [])):
        path = _text(item, 1)
        own = item.get(3, [0])[-1] in (_OF_WANDB, _MEDIA) or path.startswith("media/")
        if not own and path not in run.files:
            run.files.append(path)


def _artifact(run: Recorded, said: Fields) -> None:
    aliases = [alias.decode() for alias in said.get(11, [])]
    run.artifacts.append(Artifact(_text(said, 5), _text(said, 4), _text(said, 6), aliases))


def _exit(run: Recorded, said: Fields) -> None:
    code = said.get(1, [0])[-1]
    run.exit = code - (1 << 64) if code >> 63 else code


def _text(said: Fields, number: int) -> str:
    return str(said[number][-1].decode()) if number in said else ""


_TAKES = {
    _HISTORY: _history,
    _SUMMARY: _summary,
    _CONFIG: _config,
    _FILES: _file,
    _ARTIFACT: _artifact,
    _RUN: _run,
    _EXIT: _exit,
}
