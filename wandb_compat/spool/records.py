"""The records of a run: small typed objects with one text form each.

A record travels as `KIND JSON`: one word, a blank, one JSON document without line breaks. A row of numbers has the
very form in which it goes over the wire, so that the uploader only concatenates. Times are milliseconds since the
epoch, steps are integers from 0.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from dataclasses import fields as dataclass_fields
from typing import Any, ClassVar, Literal, TypeVar

from wandb_compat.spool.bounded import DEEPEST, bounded
from wandb_compat.wire.safe_orjson import orjson
from wandb_compat.wire.text import clean_json

RunState = Literal["completed", "failed", "terminated"]
INTERRUPTED = 255  # exit code of a run that Ctrl-C ended, as wandb has it
FIRST_ROW = "first_row"  # in the document of a table: its rows are added to so many that were logged before
TERMINATED = 143  # exit code of a process that SIGTERM ended, as shells give it


# Records are neither compared nor printed: without methods for that the first `init` is 2 ms faster.
@dataclass(slots=True, eq=False, repr=False)
class Record:
    """Base of all records; `kind` is the word before the document."""

    kind: ClassVar[str]


@dataclass(slots=True, eq=False, repr=False)
class Start(Record):
    """A run begins: everything that its creation on the server needs. The first record of a run.

    `fork` names the run that it is forked from, and the step. `rank` is that of the process when several log to one run
    of the server. `ends` says whether the run ends with this process. `is_copy` says that the run comes from another
    server: every value of it is kept, also those that a later one replaced, and its alerts send no mail again.
    """

    kind: ClassVar[str] = "start"
    time: int
    project: str
    id: str  # wandb's run id, Pluto's external id
    name: str
    target: str | None = None  # PLUTO_RUN_ID: another Pluto run to write to instead of the one named by `id`
    entity: str | None = None
    config: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    system_metrics: bool = True
    metadata: dict[str, Any] = field(default_factory=dict)
    fork: tuple[str, int] | None = None
    rank: int | None = None
    ends: bool = True
    is_copy: bool = False


@dataclass(slots=True, eq=False, repr=False)
class Row(Record):
    """Numbers logged at one step; NaN and infinities are numbers too."""

    kind: ClassVar[str] = "row"
    time: int
    step: int
    data: dict[str, float]


@dataclass(slots=True, eq=False, repr=False)
class Series(Record):
    """One value of a key that is not a number, in the form of `/ingest/data`: text, histogram, table."""

    kind: ClassVar[str] = "data"
    time: int
    step: int
    dataType: str
    logName: str
    data: str


@dataclass(slots=True, eq=False, repr=False)
class Key(Record):
    """A key was logged for the first time; `type` is Pluto's (METRIC, DATA, HISTOGRAM, TABLE, IMAGE…)."""

    kind: ClassVar[str] = "key"
    name: str
    type: str


@dataclass(slots=True, eq=False, repr=False)
class Config(Record):
    """Configuration values that are new or changed; objects merge, everything else replaces.

    `columns` are the keys of a summary in it whose numbers need not be the last value of a metric; None means any.
    """

    kind: ClassVar[str] = "config"
    values: dict[str, Any]
    columns: list[str] | None = None


@dataclass(slots=True, eq=False, repr=False)
class Tags(Record):
    """All tags of the run from now on."""

    kind: ClassVar[str] = "tags"
    tags: list[str]


@dataclass(slots=True, eq=False, repr=False)
class Console(Record):
    """A line that the script printed, in the form of `/ingest/logs`; `logType` is INFO (stdout) or ERROR (stderr)."""

    kind: ClassVar[str] = "console"
    time: int
    message: str
    lineNumber: int
    logType: str


@dataclass(slots=True, eq=False, repr=False)
class Alert(Record):
    """A message for people; `level` is INFO, WARN or ERROR."""

    kind: ClassVar[str] = "alert"
    time: int
    title: str
    text: str
    level: str


@dataclass(slots=True, eq=False, repr=False)
class Graph(Record):
    """The graph of a model, in the form of Pluto's model graph; a later one replaces it."""

    kind: ClassVar[str] = "graph"
    format: str
    nodes: dict[str, Any]


@dataclass(slots=True, eq=False, repr=False)
class File(Record):
    """A file for the server, in the form of a presign entry; `path` is relative to the run directory.

    `name` is the file's name on the server. `annotations` is a JSON text with Pluto's boxes and masks. `adds` says that
    the file is one more of its key and step, and replaces none that was logged there before.
    """

    kind: ClassVar[str] = "file"
    time: int
    step: int
    key: str
    name: str
    type: str
    path: str
    sample: int = 0
    caption: str | None = None
    annotations: str | None = None
    adds: bool = False


@dataclass(slots=True, eq=False, repr=False)
class ArtifactFile:
    """A file of an artifact: key and name on the server, path relative to the run directory."""

    key: str
    name: str
    path: str
    caption: str | None = None


@dataclass(slots=True, eq=False, repr=False)
class Artifact(Record):
    """An artifact to publish; see `docs/artifacts.md`.

    `files` are those that this run has not sent yet: key, name, path relative to the run directory, caption. `source`
    tells where the manifest lies when nothing has to be sent: the fields of a published entry, or `id` of another
    record of this run. `base` is the version that this one is added to, `part` the id of a distributed artifact that
    is complete with the `final` part.
    """

    kind: ClassVar[str] = "artifact"
    id: str
    time: int
    step: int
    name: str
    type: str
    digest: str
    manifest: dict[str, Any]
    files: list[dict[str, Any]]
    aliases: list[str]
    tags: list[str] | None = None
    source: dict[str, Any] | None = None
    base: str | None = None
    part: str | None = None
    final: bool = True


@dataclass(slots=True, eq=False, repr=False)
class Exit(Record):
    """The run is over. The last record of a run."""

    kind: ClassVar[str] = "exit"
    time: int
    state: RunState
    code: int


AnyRecord = TypeVar("AnyRecord", bound=Record)
KINDS: dict[str, type[Record]] = {
    cls.kind: cls for cls in (Start, Row, Series, Key, Config, Tags, Console, Alert, Graph, File, Artifact, Exit)
}


def state_of(code: int) -> RunState:
    """Return the state in which a run ends with an exit code."""
    if code == 0:
        return "completed"
    return "terminated" if code in (INTERRUPTED, TERMINATED) else "failed"


def encode(record: Record) -> bytes:
    """Return the text form of a record; values that JSON cannot hold become short texts."""
    try:
        fields = asdict(record)
        document = dump(fields)
        if document.count(b"{") + document.count(b"[") > DEEPEST:  # perhaps too deep for a reader
            document = dump(bounded(fields))
    except Exception:  # nested too deep, an integer with thousands of digits, an object that is not JSON
        shallow = {one.name: bounded(getattr(record, one.name)) for one in dataclass_fields(record)}
        document = dump(shallow, default=_type_name)
    return record.kind.encode() + b" " + document


def _type_name(value: Any) -> str:
    return f"<{type(value).__name__}>"


def dump(document: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    """Return a JSON document in one line; NaN and infinities become the bare tokens that a Pluto server takes.

    The one place where text is cleaned: what a server refuses in any text becomes U+FFFD.

    Only for documents made of JSON's own types. orjson would turn NaN into null and refuses integers over 64 bits, so
    it is used where neither can be, and json where they can.
    """
    return clean_json(document, allow_nan=True, default=default).encode()


def from_document(cls: type[AnyRecord], document: dict[str, Any]) -> AnyRecord:
    """Return the record of a class from its JSON document; fields of a later version are left out.

    Raises:
        TypeError: a field is missing.
    """
    known = cls.__dataclass_fields__
    return cls(**{name: value for name, value in document.items() if name in known})


def parse(cls: type[AnyRecord], document: bytes) -> AnyRecord:
    """Return the record of a class from the text of its JSON document.

    Raises:
        ValueError: the text is not JSON.
        TypeError: a field is missing.
    """
    return from_document(cls, json.loads(document))


def decode(line: bytes) -> tuple[str, Any]:
    """Return kind and document of a record's text form.

    Raises:
        ValueError: the text is not a record.
    """
    kind, _, document = line.partition(b" ")
    try:
        return kind.decode(), orjson.loads(document)
    except orjson.JSONDecodeError:  # NaN and infinities
        return kind.decode(), json.loads(document)
