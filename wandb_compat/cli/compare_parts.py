"""Compares the parts of a run that are plain values: numbers, config, summary, description, console, definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from wandb_compat.cli.compare_pluto import PlutoRun
from wandb_compat.cli.compare_report import ABSENT, Part
from wandb_compat.cli.wandb_file import RecordedRun
from wandb_compat.convert.convert_row import SEPARATE_NUMBERS
from wandb_compat.run.metric_definitions import MetricRules
from wandb_compat.run.server_fields import cut_name, server_tags
from wandb_compat.spool import records
from wandb_compat.spool.notifier import CallbackNotifier
from wandb_compat.wire.config_merge import without_nulls
from wandb_compat.wire.json_numbers import NAMES as NAMES_OF_NUMBERS
from wandb_compat.wire.names import is_machine_metric, log_key

OWN = ("_wandb", "_runtime", "_timestamp", "_step")  # what wandb adds to history and summary
STREAMS = {"INFO": "stdout", "ERROR": "stderr"}
PACKAGE_PREFIX = "wandb: "  # of each line that wandb, or this package, prints
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
CONSOLE_SHOWN = 1000  # characters of a console line that are compared


def compare_numbers(
    recorded: RecordedRun, pluto: PlutoRun, notes: list[str], loose: str
) -> tuple[Part, dict[str, set[int]]]:
    """Compare the numbers of all rows; return the part, and by key the steps at which a value is a number."""
    part = Part(loose=loose)
    expected: dict[str, dict[int, float]] = {}
    numeric: dict[str, set[int]] = {}
    for step, row in recorded.rows.items():
        for key, value in row.items():
            is_array = isinstance(value, list) and "METRIC" in pluto.types.get(log_key(f"{key}/0"), ())
            found = {} if key in OWN else metrics(key, list(flat(value)) if is_array else value)
            # A text such as "NaN" is a number of wandb's record, unless Pluto has the text.
            if found and not (isinstance(value, str) and "METRIC" not in pluto.types.get(log_key(key), ())):
                numeric.setdefault(key, set()).add(step)
                for name, number in found.items():
                    expected.setdefault(name, {})[step] = number
    steps = sorted(recorded.rows)
    extra = {name for name in pluto.names() if not is_machine_metric(name)}
    for name in sorted({*expected, *extra}):
        wanted = expected.get(name, {})
        there, sampled = pluto.points(name, steps)
        if sampled:
            notes.append(f"Pluto answers with only a sample of the steps of {name}")
        part.add("value", len(wanted))
        wrong = sorted(
            step for step in {*wanted, *there} if not part.same(name, wanted.get(step, ABSENT), there.get(step, ABSENT))
        )
        if wrong:
            first = wrong[0]
            part.differ(
                f"{name} at step {first}", wanted.get(first, ABSENT), there.get(first, ABSENT), steps=len(wrong)
            )
    for name in sorted(recorded.colliding):
        part.differ(name, "two values in a row", "one", "Pluto joins nested keys with a dot: both are one key there")
    return part, numeric


def flat(values: list[Any]) -> Iterator[Any]:
    """Yield the items of nested lists."""
    for value in values:
        if isinstance(value, list):
            yield from flat(value)
        else:
            yield value


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


def compare_console(recorded: RecordedRun, pluto: PlutoRun, *, same_run: bool = True) -> Part:
    """Compare the console lines of both streams, in their order; nothing of two executions of a script."""
    part = Part()
    if not same_run:
        return part
    there: dict[str, list[str]] = {}
    lines: dict[str, list[tuple[str, int, str]]] = {}  # the parts of a resumed run may have the same numbers
    for line in pluto.console():
        stream = "ERROR" if line["logType"] in ("ERROR", "STDERR") else "INFO"
        one = str(line.get("time")), int(line["lineNumber"]), str(line["message"]).rstrip()
        lines.setdefault(stream, []).append(one)
    for stream, found in lines.items():
        there[stream] = [text for _, _, text in sorted(set(found))]
        if len(there[stream]) < len(found):
            doubled = len(found) - len(there[stream])
            part.differ(f"{STREAMS[stream]}, doubled", "each once", f"{doubled} twice", "sent twice")
    for stream in sorted({*recorded.output, *there}):
        text = "".join(recorded.output.get(stream, []))
        shown = there.get(stream, [])
        if stream not in recorded.output:
            part.skip("wandb's record has no console lines", len(shown))
        elif CONTROL.search(text):
            part.skip("console output with control characters, such as progress bars, is drawn differently", len(shown))
        else:
            _compare_lines(part, STREAMS[stream], text, shown)
    return part


def _compare_lines(part: Part, stream: str, text: str, found: list[str]) -> None:
    # Messages of the package itself are not output of the script: they name run directories and servers.
    expected = [line.rstrip() for line in text.split("\n") if line.strip() and not line.startswith(PACKAGE_PREFIX)]
    found = [line for line in found if line.strip() and not line.startswith(PACKAGE_PREFIX)]
    part.check(f"{stream}, lines", len(expected), len(found), "count")
    for index, (ours, theirs) in enumerate(zip(expected, found, strict=False)):
        if ours[:CONSOLE_SHOWN] == theirs[:CONSOLE_SHOWN]:
            part.add("value")
        else:
            part.check(f"{stream}, line {index + 1}", ours, theirs)


def compare_definitions(recorded: RecordedRun, pluto: PlutoRun, charts: Mapping[str, Any]) -> Part:
    """Compare the definitions of `define_metric`, the alerts, and the custom charts.

    Args:
        recorded: wandb's record.
        pluto: the run in Pluto.
        charts: descriptions of custom charts by key, as dual mode has noted them.
    """
    part = Part()
    rules = MetricRules()
    for one in recorded.definitions:
        rules.define(one)
    sides = [{one["name"]: one for one in side} for side in (rules.definitions(), pluto.about.get("metrics") or [])]
    for name in sorted({*sides[0], *sides[1]}):
        part.check_pair(f"define_metric {name}", (_definition(side.get(name)) for side in sides))
    alerts = pluto.alerts()
    if alerts is None:
        part.skip("this server does not give alerts back", len(recorded.alerts))
    else:
        own = sorted(f"{title}: {text}" for title, text, _ in recorded.alerts)
        part.check_all(*(_counted(side) for side in (own, [f"{one['title']}: {one['body']}" for one in alerts])))
    there = {str(one.get("key")): one for one in pluto.about.get("custom_charts") or [] if isinstance(one, dict)}
    for key, chart in charts.items():
        part.check(f"chart {key}", chart, there.get(key, ABSENT))
    part.skip("wandb's record does not hold custom charts", len(there.keys() - charts.keys()))
    return part


def _definition(one: Mapping[str, Any] | None) -> Any:
    return (
        ABSENT
        if one is None
        else {key: list(value) if isinstance(value, tuple) else value for key, value in one.items()}
    )


def _counted(alerts: list[str]) -> dict[str, int]:
    return {f"alert {one}": alerts.count(one) for one in alerts}


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
