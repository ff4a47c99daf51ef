"""The history of a run: rows put together from the metrics, texts, histograms and files that a server has by step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from wandb._native.api import run_files
from wandb._native.api.run_fields import LISTS, media_path
from wandb_compat.wire.names import is_machine_metric, stored_keys
from wandb_compat.wire.stored_values import latest_values

if TYPE_CHECKING:
    from wandb._native.api.run_attributes import RunAttributes

Row = dict[str, Any]
Series = dict[str, list[tuple[int, float, str]]]

MACHINE = "sys/"  # in front of what a run's uploader measures of its machine
CLOCK = ("_step", "_timestamp", "_runtime")
MEDIA_KINDS = {"IMAGE": "image-file", "AUDIO": "audio-file", "VIDEO": "video-file"}
_SUFFIXES = {
    ".html": "html-file",
    ".plotly.json": "plotly-file",
    ".bokeh.json": "bokeh-file",
    ".trace.json": "wb_trace_tree",
    **dict.fromkeys((".pts.json", ".obj", ".gltf", ".glb", ".babylon", ".stl"), "object3D-file"),
    **dict.fromkeys(
        (".pdb", ".pqr", ".mmcif", ".mcif", ".cif", ".sdf", ".sd", ".gro", ".mol2", ".mmtf"), "molecule-file"
    ),
}
_LIST_OF = {kind: name for name, kind in LISTS.items()}


def kind_of(log_type: str | None, name: str) -> str | None:
    """Return wandb's type of a media file by Pluto's type of its key and by its name, or None."""
    found = next((kind for suffix, kind in _SUFFIXES.items() if name.endswith(suffix)), None)
    return MEDIA_KINDS.get(log_type or "") or (found if log_type == "ARTIFACT" else None)


def last_step(run: RunAttributes) -> int:
    """Return the highest step at which a run has logged a number, or -1."""
    # Of a series the server keeps the last point, however few are asked for.
    ends = run._reader.points(run.project, run.number, limit=1)
    return max((points[-1][0] for name, points in ends.items() if not is_machine_metric(name)), default=-1)


def sampled(run: RunAttributes, samples: int, keys: list[str] | None, x_axis: str) -> list[Row]:
    """Return at most `samples` rows, evenly spread over the run.

    The server thins long metrics, each for itself. Where that would tear rows apart, they are read in full.
    """
    from wandb._native.api.connection import POINTS

    wanted = None if keys is None else list(dict.fromkeys([x_axis, *keys]))
    if samples < 1:
        return []
    run._await_stored_rows()
    limit = min(samples, POINTS)
    series = _points(run, wanted, limit)
    if _is_torn(series, limit, together=wanted is not None):
        return thinned(list(HistoryScan(run, keys=wanted, page_size=POINTS)), samples)
    rows = _rows(run, series, _others(run, wanted))
    return thinned(_with_all(rows, wanted), samples)


def thinned(rows: list[Row], count: int) -> list[Row]:
    """Return at most `count` of some rows, evenly spread, with the first and the last."""
    if len(rows) <= count:
        return rows
    if count == 1:
        return rows[-1:]
    return [rows[round(at * (len(rows) - 1) / (count - 1))] for at in range(count)]


def machine(run: RunAttributes, samples: int) -> list[Row]:
    """Return at most `samples` rows of what was measured of the run's machine."""
    from wandb._native.api.connection import POINTS

    series = run._reader.points(run.project, run.number, group="sys", limit=min(samples, POINTS))
    measured = {name: points for name, points in series.items() if is_machine_metric(name)}
    rows = _rows(run, {f"system.{name.removeprefix(MACHINE)}": points for name, points in measured.items()}, {})
    return thinned([{key: value for key, value in row.items() if key != "_step"} for row in rows], samples)


class HistoryScan:
    """Reads every row of a run, some steps at a time, as they are asked for; iterating again begins anew.

    Example:
        >>> losses = [row["loss"] for row in run.scan_history(keys=["loss"])]
    """

    def __init__(
        self,
        run: RunAttributes,
        *,
        service_api: Any = None,
        min_step: int = 0,
        max_step: int | None = None,
        keys: list[str] | None = None,
        page_size: int = 1000,
        use_cache: bool = True,
    ) -> None:
        """Make a scan; nothing is read yet.

        Args:
            run: a run that was read back.
            service_api: without effect, accepted: the run knows its server.
            min_step: the first step.
            max_step: the step after the last.
            keys: give only rows that have all of these, and of them only these.
            page_size: steps to read at a time, at first: fewer rows make the next stretch longer.
            use_cache: without effect, accepted.
        """
        self.run = run
        self.keys = keys
        self.min_step = min_step
        self.page_size = page_size
        self._end = max_step
        self._rows: Iterator[Row] | None = None

    @property
    def max_step(self) -> int:
        """The last step that this scan can give."""
        last = last_step(self.run)
        return last if self._end is None else min(last, self._end - 1)

    def __iter__(self) -> HistoryScan:
        self._rows = None
        return self

    def __next__(self) -> Row:
        if self._rows is None:
            self._rows = self._read()
        return next(self._rows)

    next = __next__

    def _read(self) -> Iterator[Row]:
        from wandb._native.api.connection import POINTS

        self.run._await_stored_rows()
        last = self.max_step
        others = _others(self.run, self.keys)
        last = max(last, *others, -1) if self._end is None else last
        low, width = max(self.min_step, 0), max(1, min(self.page_size, POINTS))
        while low <= last:
            high = min(low + width - 1, last)
            series = _points(self.run, self.keys, POINTS, low, high)
            longest = max(map(len, series.values()), default=0)
            if high - low >= POINTS and longest >= POINTS // 2:  # the server may have left points out
                width = max(width // 4, POINTS)
                continue
            near = {step: row for step, row in others.items() if low <= step <= high}
            yield from _with_all(_rows(self.run, series, near), self.keys)
            low = high + 1
            if longest < self.page_size / 4:
                width *= 4


def _points(run: RunAttributes, keys: list[str] | None, limit: int, low: int = 0, high: int | None = None) -> Series:
    """Return the points of a run's metrics under the names by which they were asked for."""
    bounds: dict[str, Any] = {"limit": limit, "low": low, "high": high}
    if keys is None:
        found = run._reader.points(run.project, run.number, **bounds)
        return {name: points for name, points in found.items() if not is_machine_metric(name)}
    asked = [key for key in keys if key not in CLOCK]
    if not asked:  # then every row counts
        return _points(run, None, limit, low, high)
    series: Series = {}
    for key in asked:
        series[key] = []
        for name in stored_keys(key):
            if found := run._reader.points(run.project, run.number, name=name, **bounds):
                series[key] = next(iter(found.values()))
                break
    return series


def _is_torn(series: Series, limit: int, together: bool) -> bool:
    """Whether the server may have left out points of one metric at steps where it gave those of another."""
    # A metric of more than `limit` points comes back with half of `limit` at least.
    long = [[step for step, _, _ in points] for points in series.values() if len(points) >= limit / 2]
    if not long or len(series) == 1:
        return False
    return any(steps != long[0] for steps in long) or (together and len(long) < len(series))


def _rows(run: RunAttributes, series: Series, others: dict[int, tuple[str, Row]]) -> list[Row]:
    """Put the rows of a run together, in order of steps."""
    rows: dict[int, Row] = {}
    times: dict[int, str] = {}
    for name, points in series.items():
        for step, value, time in points:
            rows.setdefault(step, {})[name] = _number(value)
            times[step] = max(times.get(step, ""), time)
    for step, (time, row) in others.items():
        rows.setdefault(step, {}).update(row)
        times.setdefault(step, time)
    began = run._began()
    found = []
    for step in sorted(rows):
        moment = timestamp(times[step])
        found.append({"_step": step, **rows[step], "_timestamp": moment, "_runtime": round(moment - began, 3)})
    return found


def _with_all(rows: list[Row], keys: list[str] | None) -> list[Row]:
    """Return the rows that have all keys, with these only."""
    if keys is None:
        return rows
    return [{key: row[key] for key in keys} for row in rows if all(key in row for key in keys)]


def _number(value: float) -> float | int:
    """Return a whole number as such: a server keeps every number as a float, wandb writes 3.0 as 3."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def timestamp(text: str) -> float:
    """Return a time of the server, in UTC, as seconds since the epoch."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _others(run: RunAttributes, keys: list[str] | None) -> dict[int, tuple[str, Row]]:
    """Return time and values by step of what is not a number: texts, histograms, tables, media."""
    types = run._log_types()
    names = {name: key for key in keys or () for name in stored_keys(key)}
    asked = {name for name, kind in types.items() if kind != "METRIC" and (keys is None or name in names)}
    found: dict[int, tuple[str, Row]] = {}
    if any(types[name] not in (*MEDIA_KINDS, "ARTIFACT") for name in asked):
        for one in latest_values(run._reader.logged(run.project, run.number)):
            if one["logName"] in asked:
                key = names.get(one["logName"], one["logName"])
                found.setdefault(one["step"], (one["time"], {}))[1][key] = _value(one)
    media = [name for name in asked if types[name] in MEDIA_KINDS or (types[name] == "ARTIFACT" and _is_key(name))]
    if media:
        for (step, name), files in _media(run, set(media), types).items():
            found.setdefault(step, (files[0]["time"], {}))[1][names.get(name, name)] = _media_value(files)
    return found


def _is_key(name: str) -> bool:
    return not name.startswith(("artifacts/", "save/"))


def _value(one: dict[str, Any]) -> Any:
    """Return a value that is not a number in wandb's form."""
    if one["dataType"] == "string-series":
        return one["data"]
    document = json.loads(one["data"])
    if one["dataType"] == "HISTOGRAM":
        bins = document["bins"]
        if isinstance(bins, dict):
            width = (bins["max"] - bins["min"]) / (bins["num"] or 1)
            bins = document.get("edges") or [bins["min"] + at * width for at in range(bins["num"] + 1)]
        return {"_type": "histogram", "values": document["freq"], "bins": bins}
    if one["dataType"] == "TABLE":
        rows = document.get("table", [])
        path = media_path("table-file", table_name(one["logName"], one["step"]))
        columns = len(document.get("col") or (rows[0] if rows else ()))
        return {"_type": "table-file", "path": path, "ncols": columns, "nrows": len(rows)}
    return document


def table_name(key: str, step: int) -> str:
    """Return the file name of a table logged at a step."""
    return f"{key}_{step}.table.json"


def _media(run: RunAttributes, names: set[str], types: dict[str, str]) -> dict[tuple[int, str], list[dict[str, Any]]]:
    files: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for file in latest_values(run_files.list_files(run)):
        name = file["logName"]
        kind = kind_of(types.get(name), file["fileName"])
        if name in names and kind and file["fileType"] != "mask":
            files.setdefault((file["step"], name), []).append({**file, "kind": kind})
    return files


def _media_value(files: list[dict[str, Any]]) -> Row:
    """Return wandb's form of the media that were logged under one key at one step."""
    kind, paths = files[0]["kind"], [media_path(one["kind"], one["fileName"]) for one in files]
    if len(files) == 1:
        one = files[0]
        media = {"_type": kind, "path": paths[0], "size": one["fileSize"], "format": one["fileType"]}
        return {**media, "caption": one["caption"]} if one.get("caption") else media
    media = {"_type": _LIST_OF.get(kind, kind), "count": len(files), "filenames": paths, "format": files[0]["fileType"]}
    captions = [one.get("caption") for one in files]
    return {**media, "captions": captions} if any(captions) else media
