"""Reads the `.wandb` file in which the real wandb records a run; wandb itself is not needed.

The file is a LevelDB log: blocks of 32 KiB with framed fragments, each with a CRC-32. A record is a Protocol Buffers
message `Record`. The field numbers below are those of `wandb/proto/wandb_internal.proto`, to which releases only add.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct
from typing import Any, BinaryIO

from wandb_compat.run.metric_definitions import Definition
from wandb_compat.wire.config_merge import dict_at

MAGIC = b":W&B"
HEAD = 7  # bytes of the file header: MAGIC, a number, a version
BLOCK = 32 * 1024
_FRAME = Struct("<IHB")  # checksum, size, kind of fragment
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4

_HISTORY, _SUMMARY, _CONFIG, _FILES, _ARTIFACT, _RUN, _EXIT = 2, 3, 5, 6, 8, 17, 18
_ALERT, _METRIC, _OUTPUT = 10, 12, 13
_FORMS = {1: "min", 2: "max", 3: "mean", 4: "best", 5: "last", 6: "none", 7: "copy", 8: "first"}
_GOALS = {1: "minimize", 2: "maximize"}
_OF_WANDB = 1  # type of a file that wandb itself adds
_MEDIA = 2

Fields = dict[int, list[Any]]  # by field number: integers, and bytes for length-delimited fields


class NotAWandbFile(ValueError):
    """The path does not name a `.wandb` file of the real wandb."""


@dataclass(slots=True)
class Artifact:
    """One version of an artifact that the run has logged.

    `entries` are the files by path: digest, and size in bytes. Large manifests are not in the record: it is empty then.
    """

    name: str
    type: str
    digest: str
    aliases: list[str]
    description: str = ""
    metadata: Any = None
    entries: dict[str, tuple[str, int]] = field(default_factory=dict)


@dataclass(slots=True)
class RecordedRun:
    """A run as its `.wandb` file records it.

    `rows` is the history: by step, the values by key, with nested keys joined by `.`. `exit` is the exit code, None
    when the record has no end. `damaged` counts byte ranges with a wrong checksum; a running run has one at its end.
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
    alerts: list[tuple[str, str, str]] = field(default_factory=list)  # title, text, level
    definitions: list[Definition] = field(default_factory=list)  # of metrics, in their order
    colliding: set[str] = field(default_factory=set)  # keys that are in one row both nested and joined with a dot
    output: dict[str, list[str]] = field(default_factory=dict)  # what was printed, by stream and in pieces
    exit: int | None = None
    damaged: int = 0


def locate(path: Path) -> list[Path]:
    """Return the files `run-<id>.wandb` of one run, the oldest first.

    Args:
        path: a directory such as `wandb/run-20260101_000000-<id>`, a link to one such as `wandb/latest-run`, or the
            file in it. The directories of the same id beside it belong to a run that was resumed.

    Raises:
        NotAWandbFile: there is no such file, or more than one run.
    """
    path = path.resolve()
    files = [path] if path.is_file() else sorted(path.glob("run-*.wandb"))
    if len(files) != 1:
        raise NotAWandbFile(f"{path} holds {len(files) or 'no'} run-<id>.wandb; name the directory of one run")
    (file,) = files
    return sorted(file.parent.parent.glob(f"*run-*/{file.name}")) or [file]


def read(files: list[Path]) -> RecordedRun:
    """Return the run that the files record together; later files win.

    Raises:
        NotAWandbFile: one of them is not a `.wandb` file of the real wandb.
    """
    run = RecordedRun()
    for file in files:
        for record in records(file):
            if record is None:
                run.damaged += 1
            else:
                _handle(run, record)
    return run


def records(file: Path) -> Iterator[bytes | None]:
    """Yield the encoded records of a file, and None for a byte range that is damaged or cut off.

    Raises:
        NotAWandbFile: the file is not one of the real wandb.
    """
    with file.open("rb") as stream:
        if stream.read(HEAD)[: len(MAGIC)] != MAGIC:
            raise NotAWandbFile(f"{file} is not a .wandb file of the real wandb")
        parts: list[bytes] | None = None
        for kind, fragment in _fragments(stream):
            if fragment is None:
                parts = None
                yield None
                continue
            if kind in (_FULL, _FIRST):
                parts = []
            if parts is not None:
                parts.append(fragment)
                if kind in (_FULL, _LAST):
                    yield b"".join(parts)
                    parts = None


def _fragments(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Yield kind and content of each fragment, and None for the rest of a block that is damaged."""
    while block := stream.read(BLOCK - stream.tell() % BLOCK):
        offset = 0
        while offset + _FRAME.size <= len(block):
            checksum, size, kind = _FRAME.unpack_from(block, offset)
            fragment = block[offset + _FRAME.size : offset + _FRAME.size + size]
            if len(fragment) < size or zlib.crc32(fragment, zlib.crc32(bytes([kind]))) != checksum:
                yield kind, None
                break  # the next block begins with a frame
            offset += _FRAME.size + size
            yield kind, fragment


def fields(message: bytes) -> Fields:
    """Return the fields of a Protocol Buffers message.

    Raises:
        ValueError: it is not a message.
    """
    found: Fields = {}
    offset = 0
    try:
        while offset < len(message):
            tag, offset = _varint(message, offset)
            kind = tag & 7
            value: Any
            if kind == 0:
                value, offset = _varint(message, offset)
            else:
                size, offset = _varint(message, offset) if kind == 2 else ({1: 8, 5: 4}[kind], offset)
                value = message[offset : offset + size]
                offset += size
            found.setdefault(tag >> 3, []).append(value)
    except (IndexError, KeyError) as problem:
        raise ValueError("not a Protocol Buffers message") from problem
    return found


def _varint(message: bytes, offset: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[offset]
        value |= (byte & 0x7F) << shift
        offset, shift = offset + 1, shift + 7
        if byte < 0x80:
            return value, offset


def _handle(run: RecordedRun, record: bytes) -> None:
    for number, bodies in fields(record).items():
        handle = _HANDLERS.get(number)
        if handle is not None:
            handle(run, fields(bodies[-1]))


def _run(run: RecordedRun, message_fields: Fields) -> None:
    run.id, run.entity, run.project = _text(message_fields, 1), _text(message_fields, 2), _text(message_fields, 3)
    run.group, run.job_type, run.sweep = _text(message_fields, 6), _text(message_fields, 7), _text(message_fields, 12)
    run.name, run.notes = _text(message_fields, 8), _text(message_fields, 9)
    run.tags = [tag.decode() for tag in message_fields.get(10, [])]
    for change in message_fields.get(4, []):
        _config(run, fields(change))
    for change in message_fields.get(5, []):
        _summary(run, fields(change))


def _config(run: RecordedRun, message_fields: Fields) -> None:
    _change(run.config, message_fields)


def _summary(run: RecordedRun, message_fields: Fields) -> None:
    _change(run.summary, message_fields)


def _change(into: dict[str, Any], message_fields: Fields) -> None:
    for number, update in ((1, True), (2, False)):
        for item in message_fields.get(number, []):
            path, value = _item(fields(item))
            if update:
                _put(into, path, value)
            else:
                dict_at(into, path[:-1]).pop(path[-1], None)


def _put(into: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    dict_at(into, path[:-1])[path[-1]] = value


def _history(run: RecordedRun, message_fields: Fields) -> None:
    row: dict[str, Any] = {}
    for item in message_fields.get(1, []):
        _put(row, *_item(fields(item)))
    counted = fields(message_fields[2][-1]).get(1, [0])[-1] if 2 in message_fields else 0
    values = run.rows.setdefault(int(row.get("_step") or counted), {})
    own: set[str] = set()
    for key, value in row.items():
        for name, one in _flat(key, value):
            if name in own:
                run.colliding.add(name)
            own.add(name)
            values[name] = one


def _flat(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and "_type" not in value:
        for inner, one in value.items():
            yield from _flat(f"{key}.{inner}", one)
    else:
        yield key, value


def _item(message_fields: Fields) -> tuple[tuple[str, ...], Any]:
    """Return the path and the value of an item of history, config or summary."""
    path = tuple(part.decode() for part in message_fields.get(2, [])) or (_text(message_fields, 1),)
    text = _text(message_fields, 16)
    return path, json.loads(text) if text else None


def _file(run: RecordedRun, message_fields: Fields) -> None:
    for item in map(fields, message_fields.get(1, [])):
        path = _text(item, 1)
        wandbs_own = item.get(3, [0])[-1] in (_OF_WANDB, _MEDIA) or path.startswith("media/")
        if not wandbs_own and path not in run.files:
            run.files.append(path)


def _artifact(run: RecordedRun, message_fields: Fields) -> None:
    entries = {}
    for manifest in map(fields, message_fields.get(12, [])):
        for item in map(fields, manifest.get(4, [])):
            entries[_text(item, 1)] = _text(item, 2), item.get(4, [0])[-1]
    metadata = _text(message_fields, 8)
    run.artifacts.append(
        Artifact(
            _text(message_fields, 5),
            _text(message_fields, 4),
            _text(message_fields, 6),
            [alias.decode() for alias in message_fields.get(11, [])],
            _text(message_fields, 7),
            json.loads(metadata) if metadata else None,
            entries,
        )
    )


def _alert(run: RecordedRun, message_fields: Fields) -> None:
    run.alerts.append((_text(message_fields, 1), _text(message_fields, 2), _text(message_fields, 3) or "INFO"))


def _metric(run: RecordedRun, message_fields: Fields) -> None:
    options, summary, control = (
        fields(message_fields[number][-1]) if number in message_fields else {} for number in (6, 7, 9)
    )
    run.definitions.append(
        Definition(
            _text(message_fields, 1) or _text(message_fields, 2),
            _text(message_fields, 4) or None,
            bool(options.get(1, [0])[-1]) or None,
            bool(options.get(2, [0])[-1]) or None,
            tuple(name for number, name in _FORMS.items() if summary.get(number, [0])[-1]) or None,
            _GOALS.get(message_fields.get(8, [0])[-1]),
            bool(control.get(1, [0])[-1]) or None,
        )
    )


def _output(run: RecordedRun, message_fields: Fields) -> None:
    stream = "INFO" if message_fields.get(1, [0])[-1] else "ERROR"
    run.output.setdefault(stream, []).append(_text(message_fields, 3))


def _exit(run: RecordedRun, message_fields: Fields) -> None:
    code = message_fields.get(1, [0])[-1]
    run.exit = code - (1 << 64) if code >> 63 else code


def _text(message_fields: Fields, number: int) -> str:
    return str(message_fields[number][-1].decode()) if number in message_fields else ""


_HANDLERS = {
    _HISTORY: _history,
    _SUMMARY: _summary,
    _CONFIG: _config,
    _FILES: _file,
    _ARTIFACT: _artifact,
    _RUN: _run,
    _EXIT: _exit,
    _ALERT: _alert,
    _METRIC: _metric,
    _OUTPUT: _output,
}
