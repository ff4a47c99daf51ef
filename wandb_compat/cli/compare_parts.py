"""Compares the parts of a run: history, config, summary, description, media, files, artifacts, end."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any

from wandb_compat.artifacts.paths import file_key, old_file_key
from wandb_compat.cli.compare_pluto import PlutoRun
from wandb_compat.cli.compare_report import ABSENT, Difference, Part
from wandb_compat.cli.wandb_file import RecordedRun
from wandb_compat.config.limits import STRING_LIMIT
from wandb_compat.convert.convert_row import SEPARATE_NUMBERS
from wandb_compat.run.server_fields import cut_name, server_tags
from wandb_compat.spool import records
from wandb_compat.spool.config_merge import without_nulls
from wandb_compat.spool.notifier import CallbackNotifier
from wandb_compat.wire.json_numbers import NAMES as NAMES_OF_NUMBERS
from wandb_compat.wire.names import file_log_key, is_machine_metric, log_key, stored_keys

FILES = 1000  # files in one answer of the server
OWN = ("_wandb", "_runtime", "_timestamp", "_step")  # what wandb adds to history and summary
# By wandb's type of a value: how many files Pluto stores for it, or the field with their number.
PICTURES = {"image-file": 1, "audio-file": 1, "video-file": 1}
SEVERAL = {"images/separated": "count", "audio": "count", "videos": "count"}
# Types of artifacts in which wandb itself stores what Pluto has elsewhere.
INTERNAL = ("run_table", "job", "wandb-history")


def compare_history(recorded: RecordedRun, pluto: PlutoRun, notes: list[str], loose: str) -> Part:
    """Compare the numbers of all rows, and how many texts and lists there are."""
    part = Part(loose=loose)
    expected: dict[str, dict[int, float]] = {}
    texts: dict[str, dict[int, Any]] = {}
    values = ((step, key, value) for step, row in recorded.rows.items() for key, value in row.items())
    for step, key, value in values:
        if key in OWN or value is None:
            continue
        is_text = isinstance(value, str) and "METRIC" not in pluto.types.get(log_key(key), ())
        numbers = {} if is_text else metrics(key, value)
        for name, number in numbers.items():
            expected.setdefault(name, {})[step] = number
        # A longer text is in the summary only.
        long_text = isinstance(value, str) and len(value) > STRING_LIMIT
        if not numbers and not isinstance(value, dict) and not long_text:
            texts.setdefault(log_key(key), {})[step] = value
    steps = sorted(recorded.rows)
    extra = {name for name in pluto.names() if not is_machine_metric(name)}
    for name in sorted({*expected, *extra}):
        wanted = expected.get(name, {})
        there, sampled = pluto.points(name, steps)
        if sampled:
            notes.append(f"Pluto answers with only a sample of the steps of {name}")
        part.compared += len(wanted)
        wrong = sorted(
            step for step in {*wanted, *there} if not part.same(name, wanted.get(step, ABSENT), there.get(step, ABSENT))
        )
        if wrong:
            first = wrong[0]
            part.differences.append(
                Difference(
                    f"{name} at step {first}", wanted.get(first, ABSENT), there.get(first, ABSENT), steps=len(wrong)
                )
            )
    for name, by_step in sorted(texts.items()):
        if not pluto.types.get(name, set()) & {"DATA", "HISTOGRAM", "TEXT"}:
            part.differences.append(Difference(name, f"{len(by_step)} texts or lists", ABSENT, steps=len(by_step)))
        else:
            _compare_texts(part, name, by_step, pluto.series())
    return part


def _compare_texts(
    part: Part, name: str, by_step: Mapping[int, Any], series: Mapping[str, Mapping[int, list[Any]]] | None
) -> None:
    """Compare the texts of a key by value, its lists by presence; all by name where the server does not give them."""
    if series is None:
        part.by_name += len(by_step)
        return
    found = series.get(name, {})
    for step, value in by_step.items():
        there = found.get(step, [])
        what = f"{name} at step {step}"
        if not isinstance(value, str):
            part.check_name(what, "1 list or table", _count_of(there, "list or table"))
            continue
        part.compared += 1
        shown = there[0] if len(there) == 1 else _count_of(there, "text")
        if not part.same(name, value.replace("\0", "\ufffd"), shown):
            part.differences.append(Difference(what, value, shown))


def _count_of(values: list[Any], kind: str) -> str:
    return f"{len(values)} {kind}{'s' if len(values) > 1 else ''}" if values else ABSENT


def metrics(key: str, value: Any) -> dict[str, float]:
    """Return the metrics that Pluto stores for a logged value, by name; empty when it is not numeric."""
    if isinstance(value, (bool, int, float)) or value in NAMES_OF_NUMBERS:
        return {log_key(key): float(value)}
    if (
        isinstance(value, list)
        and 0 < len(value) <= SEPARATE_NUMBERS
        and all(isinstance(one, (int, float)) for one in value)
    ):
        names = [key] if len(value) == 1 else [f"{key}/{index}" for index in range(len(value))]
        return {log_key(name): float(one) for name, one in zip(names, value, strict=True)}
    return {}


def compare_config(recorded: RecordedRun, pluto: PlutoRun, loose: str) -> Part:
    """Compare the configuration, and what dual mode adds to it under `wandb`."""
    part = Part(loose=loose, stored=True)
    own = recorded.config.get("wandb")
    part.check_all(
        {key: value for key, value in recorded.config.items() if key not in ("_wandb", "wandb")}, pluto.config
    )
    if own is not None:
        there = {key: pluto.about[key] for key in own if key in pluto.about} if isinstance(own, dict) else ABSENT
        part.check("wandb", own, there)
    return part


def compare_summary(recorded: RecordedRun, pluto: PlutoRun, loose: str) -> Part:
    """Compare the summary; of media, their types only."""
    part = Part(loose=loose)
    there = pluto.about.get("summary")
    part.check_all(
        {key: _kind(value) for key, value in without_nulls(recorded.summary).items() if key not in OWN},
        # Null is what a removed value becomes on a server that merges.
        {
            key: _kind(one)
            for key, one in without_nulls(there if isinstance(there, dict) else {}).items()
            if key not in OWN
        },
    )
    return part


def _kind(value: Any) -> Any:
    """Return a value, with media reduced to their type: each side names its own files."""
    if isinstance(value, dict):
        if isinstance(kind := value.get("_type"), str):
            # wandb converts a matplotlib figure to plotly where it can; for Pluto it is drawn.
            return {"_type": "image-file" if kind == "plotly-file" else kind}
        return {key: _kind(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_kind(one) for one in value]
    return value


def compare_description(recorded: RecordedRun, pluto: PlutoRun) -> Part:
    """Compare name, notes and tags."""
    part = Part()
    quiet = CallbackNotifier(lambda level, text: None)
    part.check("name", recorded.name or recorded.id, pluto.about.get("name") or pluto.run["name"])
    if not pluto.about.get("name"):
        part.check("name as Pluto shows it", cut_name(recorded.name or recorded.id, quiet), pluto.run["name"])
    part.check("notes", recorded.notes or None, pluto.about.get("notes") or None)
    marks = SimpleNamespace(
        run_tags=recorded.tags, run_group=recorded.group, run_job_type=recorded.job_type, sweep_id=recorded.sweep
    )
    part.check("tags", sorted(server_tags(marks, quiet)), sorted(pluto.run.get("tags") or ()))
    return part


def compare_media(recorded: RecordedRun, pluto: PlutoRun) -> Part:
    """Compare how many media files each key has."""
    part = Part()
    counts: dict[str, int] = {}
    others: dict[str, str] = {}
    for row in recorded.rows.values():
        for key, value in row.items():
            kind = value.get("_type") if isinstance(value, dict) else None
            if kind in PICTURES or kind in SEVERAL:
                counts[key] = counts.get(key, 0) + (PICTURES.get(kind) or int(value.get(SEVERAL[kind], 0)))
            elif kind:
                others[key] = kind
    for key, count in counts.items():
        files = pluto.files(file_log_key(key))
        there = len({(file["step"], file["fileName"]) for file in files if file["fileType"] != "mask"})
        if len(files) >= FILES:  # a server lists no more
            part.by_name += count
        else:
            part.check(key, f"{count} files", f"{there} files")
    everything = {name.partition("~")[0] for name in pluto.types}
    for key, kind in others.items():
        names = [name.partition("~")[0] for name in stored_keys(key)]
        found = any(one == name or one.startswith((f"{name}/", f"{name}.")) for one in everything for name in names)
        part.check_name(key, kind, kind if found else ABSENT)
    return part


def compare_files(recorded: RecordedRun, pluto: PlutoRun, loose: str) -> Part:
    """Check that the files of `run.save` are in Pluto."""
    part = Part()
    if loose:
        names = (name.removeprefix("save/") for name in pluto.types if name.startswith("save/"))
        folders = [
            sorted(str(PurePosixPath(path).parent) for path in paths if re.fullmatch(loose, path))
            for paths in (recorded.files, names)
        ]
        part.check(loose, *(f"{len(found)} files in {', '.join(found) or 'no folder'}" for found in folders))
    for path in recorded.files:
        if loose and re.fullmatch(loose, path):  # Pluto has it under a different name
            continue
        keys = {file_key("save", path)[0], old_file_key("save", path)}
        found = any(key in pluto.types or pluto.files(key) for key in keys)
        part.check_name(path, "saved", "saved" if found else ABSENT)
    return part


def compare_artifacts(recorded: RecordedRun, pluto: PlutoRun, loose: str, *, online: bool = False) -> Part:
    """Compare the versions of artifacts by their digests.

    Args:
        recorded: wandb's record; that of an online run has no artifacts, which are then not comparable.
        pluto: the run in Pluto.
        loose: regular expression for names whose digests may differ.
        online: whether wandb has sent the run itself.
    """
    part = Part(loose=loose)
    there: dict[str, set[str]] = {}
    for name, entries in (pluto.about.get("artifacts") or {}).items():
        there[name] = {json.loads(text)["digest"] for key, text in entries.items() if isinstance(text, str)}
    expected: dict[str, set[str]] = {}
    for artifact in recorded.artifacts:
        if artifact.type not in INTERNAL:
            expected.setdefault(artifact.name, set()).add(artifact.digest)
    if online and not expected:
        part.by_name += sum(map(len, there.values()))
        return part
    part.check_all(_sorted(expected), _sorted(there))
    return part


def _sorted(digests: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    return {name: sorted(found) for name, found in digests.items()}


def compare_end(recorded: RecordedRun, pluto: PlutoRun) -> Part:
    """Compare how the run ended."""
    part = Part()
    status = str(pluto.run["status"])
    if recorded.exit is None:  # killed, or still running
        part.check("state", "not finished", "not finished" if status != "COMPLETED" else status)
    else:
        expected = records.state_of(recorded.exit).upper()
        # wandb records an interruption in a `with` block like any other failure.
        part.check("state", expected, expected if recorded.exit and status == "TERMINATED" else status)
    return part
