"""Writes what a server holds of a run into a run directory, from which the uploader delivers it to another server."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from wandb_compat.run.identity import RUN_ID
from wandb_compat.spool import records, staging
from wandb_compat.spool.journal import Journal
from wandb_compat.spool.records import Start
from wandb_compat.wire.exact_numbers import restored
from wandb_compat.wire.packed_config import columns_of, unpacked
from wandb_compat.wire.run_content import DamagedRun, FileEntry, Line, Mark, RunFields, RunReader
from wandb_compat.wire.safe_orjson import orjson

SEGMENT = 32 * 1024**2  # bytes of a journal file; each is deleted once it is delivered
AT_ONCE = 1000  # records written together
_MANIFEST = re.compile(r"artifacts/.+/manifest(~[0-9a-f]+)?")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,16}")

NumberOf = Callable[[int], int]  # the target's number of a run by its number in the source


@dataclass(slots=True)
class Counts:
    """What was read of a run.

    `missing` are files that the source announces and does not have, `replaced` are entries of files that a later step
    has under the same key and name, of which a server keeps one content. `damaged` tells what could not be read.
    """

    rows: int = 0
    values: int = 0
    console: int = 0
    files: int = 0
    missing: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


def start_of(run: RunFields) -> Start:
    """Return the first record of the copy of a run; the configuration follows it."""
    run_id = run.id or f"{run.display_id}-{run.created}"
    entity = run.settings.get("entity")
    return Start(
        run.created,
        run.project,
        run_id,
        run.name,
        entity=entity if isinstance(entity, str) else None,
        tags=run.tags,
        system_metrics=False,
        metadata={**run.metadata, RUN_ID: run.metadata.get(RUN_ID, run_id)},
        ends=False,
        is_copy=True,
    )


def write(reader: RunReader, run: RunFields, run_dir: Path, after: Mark, number_of: NumberOf) -> Counts:
    """Write a run directory; what cannot be read is counted, and the rest is written.

    Args:
        reader: reads the source.
        run: the run.
        run_dir: the directory, which does not exist yet.
        after: what was copied before of what is only added to.
        number_of: tells the numbers in the target of the runs to which artifacts refer.

    Raises:
        WireError: the target did not answer.
        OSError: the disk refuses.
    """
    counts = Counts()
    start = start_of(run)
    (run_dir / "journal").mkdir(parents=True)
    (run_dir / "logs").mkdir()
    head = Journal(
        run_dir, start.id, role="copy", segment_size=SEGMENT, limit=2**63, head=run_dir / f"run-{run.number}.wandb"
    )
    # The head stays when all is delivered, so it has nothing but the beginning.
    head.append([records.encode(start)])
    head.close()
    journal = Journal(run_dir, start.id, role="copy", segment_size=SEGMENT, limit=2**63)
    parts: dict[str, Iterator[bytes]] = {
        "config": _config(run, number_of),
        "keys": (records.encode(records.Key(name, kind)) for name, kind in reader.keys(run.number)),
        "rows": _rows(reader, run.number, counts),
        "values": _values(reader, run.number, after, counts),
        "console": _console(reader, run.number, after, counts),
        "files": _files(reader, run.number, after, run_dir, number_of, counts),
        "alerts": _alerts(reader, run.number, after),
        "model graph": _graph(reader, run.number),
        "end": iter([records.encode(records.Exit(run.ended or run.created, "completed", 0))]),
    }
    try:
        for name, lines in parts.items():
            try:
                while batch := list(islice(lines, AT_ONCE)):
                    journal.append(batch)
            except DamagedRun as error:
                counts.damaged.append(str(error))
            except (TypeError, ValueError, KeyError, RecursionError) as error:
                counts.damaged.append(f"{name} of run {run.number} of {run.project}: {type(error).__name__}: {error}")
    finally:
        journal.close()
    return counts


def _config(run: RunFields, number_of: NumberOf) -> Iterator[bytes]:
    if run.config:
        yield records.encode(
            records.Config(renumbered_config(restored(unpacked(run.config)), number_of), columns_of(run.config))
        )


def _rows(reader: RunReader, number: int, counts: Counts) -> Iterator[bytes]:
    for line in reader.rows(number):
        counts.rows += 1
        yield _row(line)


def _values(reader: RunReader, number: int, after: Mark, counts: Counts) -> Iterator[bytes]:
    for line in reader.values(number, after):
        counts.values += 1
        yield records.encode(records.from_document(records.Series, line))


def _console(reader: RunReader, number: int, after: Mark, counts: Counts) -> Iterator[bytes]:
    for line in reader.console(number, after):
        counts.console += 1
        yield records.encode(records.from_document(records.Console, line))


def _files(
    reader: RunReader, number: int, after: Mark, run_dir: Path, number_of: NumberOf, counts: Counts
) -> Iterator[bytes]:
    entries = list(reader.files(number, after))
    last = {(entry.key, entry.name): entry for entry in entries}
    for entry in entries:
        if (newest := last[entry.key, entry.name]) is not entry:
            if newest.step != entry.step:
                counts.replaced.append(f"{entry.key} ({entry.name}) at step {entry.step}")
            continue
        try:
            record = _file(reader, number, entry, run_dir, number_of)
        except DamagedRun as error:
            counts.damaged.append(str(error))
            continue
        if record is None:
            counts.missing.append(f"{entry.key} ({entry.name})")
            continue
        counts.files += 1
        yield records.encode(record)


def _alerts(reader: RunReader, number: int, after: Mark) -> Iterator[bytes]:
    if not after:  # alerts have no number by which known ones could be recognised
        for one in reader.alerts(number):
            yield records.encode(records.Alert(one["time"], one["title"], one["body"], one["level"]))


def _graph(reader: RunReader, number: int) -> Iterator[bytes]:
    if (graph := reader.graph(number)) is not None:
        yield records.encode(records.Graph(str(graph["format"]), dict(graph["nodes"])))


def _row(line: Line) -> bytes:
    if math.isfinite(sum(line["data"].values())):
        return b"row " + orjson.dumps(line)
    return records.encode(records.from_document(records.Row, line))


def _file(reader: RunReader, number: int, entry: FileEntry, run_dir: Path, number_of: NumberOf) -> records.File | None:
    """Stage a file; return its record, None if the source does not have its bytes."""
    path = reader.fetch(number, entry, run_dir / staging.FOLDER)
    if path is None:
        return None
    suffix = Path(entry.name.replace("\0", "")).suffix
    suffix = suffix if _SUFFIX.fullmatch(suffix) else ""
    if _MANIFEST.fullmatch(entry.key):
        staged = staging.new_path(run_dir, ".json")
        staged.write_bytes(_manifest(path.read_bytes(), number_of))
        kept = staging.relative(run_dir, staged)
    else:
        kept = staging.stage(run_dir, path, link_from=1, suffix=suffix)
    if path.parent == run_dir / staging.FOLDER:  # it was downloaded for this
        path.unlink()
    return records.File(
        entry.time,
        entry.step,
        entry.key,
        entry.name,
        entry.type,
        kept,
        entry.sample,
        entry.caption,
        entry.annotations,
    )


def _manifest(content: bytes, number_of: NumberOf) -> bytes:
    """Return a manifest that names the target's numbers of the runs that have the files."""
    try:
        document = json.loads(content)
    except ValueError:
        return content
    renewed = renumbered(document, number_of)
    return content if renewed == document else json.dumps(renewed, sort_keys=True).encode()


def renumbered_config(config: dict[str, Any], number_of: NumberOf) -> dict[str, Any]:
    """Return a configuration whose artifacts name the target's numbers of runs; the user's part stays."""
    about = config.get("wandb")
    if not isinstance(about, dict):
        return config
    ours = {key: value if key == "summary" else renumbered(value, number_of) for key, value in about.items()}
    return {**config, "wandb": ours}


def renumbered(value: Any, number_of: NumberOf) -> Any:
    """Return a document in which each place of a file, by run, key and name, names the target's number of the run.

    Places are found in texts that hold JSON as well.
    """
    if isinstance(value, dict):
        is_place = isinstance(value.get("run"), int) and isinstance(value.get("key"), str)
        known: dict[str, Any] = {"run": number_of(value["run"])} if is_place else {}
        return {key: known.get(key, renumbered(one, number_of)) for key, one in value.items()}
    if isinstance(value, list):
        return [renumbered(one, number_of) for one in value]
    if isinstance(value, str) and value[:1] in ("{", "[") and '"run"' in value:
        try:
            document = json.loads(value)
        except ValueError:
            return value
        renewed = renumbered(document, number_of)
        return value if renewed == document else json.dumps(renewed)
    return value
