"""Writes a run directory of ours from the `.wandb` file of the real wandb, as dual mode would have left it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from wandb_compat.artifacts.paths import file_key, suffix_of
from wandb_compat.artifacts.saved_files import OWN_FILES
from wandb_compat.cli import wandb_file
from wandb_compat.config.limits import NAME_LIMIT
from wandb_compat.config.settings import Settings
from wandb_compat.convert.kinds import FILE_TYPES
from wandb_compat.pipeline.pipeline import Pipeline
from wandb_compat.run.identity import RUN_ID
from wandb_compat.run.metric_definitions import MetricRules
from wandb_compat.run.server_fields import published_summary, server_tags
from wandb_compat.spool import records, safe_paths, staging
from wandb_compat.spool.notifier import CallbackNotifier
from wandb_compat.wire.json_numbers import NAMES

TABLES = ("table-file", "incremental-table-file")
INTERNAL = "_wandb"  # key of the configuration that wandb keeps for itself
DELIMITER = "_wandb_delimeter_"  # as wandb spells it, between the key of an image and a layer of it
HEAD = "run-recorded.wandb"  # the first journal file of such a directory
WANDBS_FOLDERS = ("media/", "code/", "tmp/")


class LostValue(Exception):
    """A recorded value cannot be imported; the message gives the reason."""


class RecordedImport:
    """Imports one run; `lost` names what could not be.

    Args:
        files: the `.wandb` files of the run, the oldest first.
        trusted: whether saved files that are links out of the run's directory are read.

    Raises:
        NotAWandbFile: one of them is not a `.wandb` file of the real wandb.
    """

    def __init__(self, files: list[Path], *, trusted: bool = False) -> None:
        self._trusted = trusted
        self.run = wandb_file.read(files)
        self.lost: list[str] = []
        self._folders = [file.parent / "files" for file in files]
        self.project = Settings.read()[0].project(self.run.project or None)
        if self.run.damaged:
            self.lost.append(f"{self.run.damaged} parts of {files[-1]} are damaged or incomplete")

    @property
    def created(self) -> int:
        """When the first row was logged, or else when the file was made, in milliseconds since the epoch."""
        times = [_time(row) for row in self.run.rows.values()]
        return min(filter(None, times), default=int(self._folders[0].parent.stat().st_mtime * 1000))

    def write(self, run_dir: Path, after: Mapping[str, Any]) -> dict[str, Any]:
        """Write the run directory, which does not exist yet.

        Args:
            run_dir: the directory.
            after: what an earlier call for the same record has returned, empty for the first; that is left out, because
                a medium that is sent again gets another name.

        Returns:
            How far the record is written now: the last step, lines of the console by stream, and alerts.

        Raises:
            OSError: the disk refuses.
        """
        run, created = self.run, self.created
        run_dir.mkdir(parents=True)
        notifier = CallbackNotifier(lambda level, text: self.lost.append(text) if level != "info" else None)
        pipeline = Pipeline(run_dir, Settings.read()[0], notifier=notifier, head=run_dir / HEAD)
        pipeline.start(self._start(created, notifier), None, online=False)
        for step in sorted(step for step in run.rows if step > after.get("step", -1)):
            row = run.rows[step]
            pipeline.row(dict(self._values(row, step)), step, _time(row) or created)
        summary = {key: value for key, value in run.summary.items() if not key.startswith("_wandb")}
        about: dict[str, Any] = {"summary": published_summary(summary)}
        if run.definitions:
            rules = MetricRules()
            for definition in run.definitions:
                rules.define(definition)
            about["metrics"] = rules.definitions()
        pipeline.submit(records.Config({"wandb": about}))
        lines = self._console(created)
        seen = after.get("lines", {})
        new = [one for one in lines if one.lineNumber > seen.get(one.logType, 0)]
        for one in (*new, *self._saved(run_dir, created), *self._alerts(created)[after.get("alerts", 0) :]):
            pipeline.submit(one)
        ended = max((_time(row) or 0 for row in run.rows.values()), default=0) or created
        code = run.exit if run.exit is not None else 1
        self.lost += [f"artifact {one.name}: its files are not in the record" for one in run.artifacts]
        pipeline.finish(records.Exit(ended, records.state_of(code), code))
        counts = {stream: sum(one.logType == stream for one in lines) for stream in run.output}
        return {"step": max(run.rows, default=-1), "lines": counts, "alerts": len(run.alerts)}

    def _start(self, created: int, notifier: CallbackNotifier) -> records.Start:
        run = self.run
        config = {key: value for key, value in run.config.items() if key != INTERNAL}
        about = {"notes": run.notes, "entity": run.entity, "sweep": {"id": run.sweep} if run.sweep else None}
        if about := {key: value for key, value in about.items() if value}:
            config["wandb"] = {**(config["wandb"] if isinstance(config.get("wandb"), dict) else {}), **about}
        marks = SimpleNamespace(run_tags=run.tags, run_group=run.group, run_job_type=run.job_type, sweep_id=run.sweep)
        return records.Start(
            created,
            self.project,
            run.id,
            (run.name or run.id)[:NAME_LIMIT],
            entity=run.entity or None,
            config=config,
            tags=server_tags(marks, notifier),
            system_metrics=False,
            metadata={RUN_ID: run.id},
        )

    def _values(self, row: dict[str, Any], step: int) -> Iterator[tuple[str, Any]]:
        """Yield what was logged at a step as `log` would have taken it."""
        for key, value in row.items():
            try:
                yield key, self._value(key, value)
            except (LostValue, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                self.lost.append(f"{key} at step {step}: {error}")

    def _value(self, key: str, value: Any) -> Any:
        if isinstance(value, str):
            return float(value) if value in NAMES else value
        if isinstance(value, list):
            return [self._value(key, one) for one in value]
        if not isinstance(value, dict) or "_type" not in value:
            return value
        kind = value["_type"]
        if kind == "histogram":
            return _stand_in(kind, histogram=value["values"], bins=_edges(value))
        if kind in TABLES:
            table = json.loads(self._file(value["path"]).read_bytes())
            rows = [[self._value(key, cell) for cell in cells] for cells in table["data"]]
            return _stand_in("table", columns=table["columns"], data=rows)
        if kind in FILE_TYPES and "path" in value:
            return self._medium(key, kind, value)
        if "filenames" in value:  # a list of media of one kind
            one = "image-file" if kind.startswith("images") else f"{kind.removesuffix('s')}-file"
            if one not in FILE_TYPES:
                raise LostValue(f"lists of the kind {kind} cannot be imported")
            names = value["filenames"]
            parts = (value.get(name) or [None] * len(names) for name in ("captions", "all_boxes", "all_masks"))
            return [
                self._medium(key, one, {"path": path, "caption": caption, "boxes": boxes, "masks": masks})
                for path, caption, boxes, masks in zip(names, *parts, strict=True)
            ]
        raise LostValue(f"values of the kind {kind} cannot be imported")

    def _medium(self, key: str, kind: str, value: dict[str, Any]) -> Any:
        boxes = {
            layer: SimpleNamespace(_val=found["box_data"], _class_labels=found.get("class_labels") or {})
            for layer, one in (value.get("boxes") or {}).items()
            for found in [json.loads(self._file(one["path"]).read_bytes())]
        }
        masks = {
            layer: _stand_in(
                "mask", _path=str(self._file(one["path"])), _val={"class_labels": self._mask_labels(key, layer)}
            )
            for layer, one in (value.get("masks") or {}).items()
        }
        return _stand_in(
            kind,
            _path=str(self._file(value["path"])),
            _caption=value.get("caption") or None,
            _width=value.get("width"),
            _height=value.get("height"),
            _boxes=boxes,
            _masks=masks,
        )

    def _mask_labels(self, key: str, layer: str) -> dict[str, str]:
        """Return the names of the classes of a mask, which wandb keeps in the configuration."""
        known = self.run.config.get(INTERNAL)
        labels = known.get("mask/class_labels") if isinstance(known, dict) else None
        found = labels.get(f"{key}{DELIMITER}{layer}") if isinstance(labels, dict) else None
        return dict(found["value"]) if isinstance(found, dict) else {}

    def _file(self, name: str) -> Path:
        """Return the path of a recorded file; it must be in the directory of the run's files."""
        for folder in self._folders:
            path = safe_paths.inside(folder, name)
            if path.is_file():
                return path
        raise LostValue(f"the file {name} is not here")

    def _console(self, created: int) -> list[records.Console]:
        found = []
        for stream, pieces in self.run.output.items():
            lines = "".join(pieces).split("\n")
            for number, line in enumerate(lines[:-1] if not lines[-1] else lines, 1):
                found.append(records.Console(created, line.removesuffix("\r"), number, stream))
        return found

    def _saved(self, run_dir: Path, created: int) -> Iterator[records.Record]:
        """Stage the files that the script saved, or left in the directory of the run's files."""
        paths = {
            path.relative_to(folder).as_posix(): path
            for folder in self._folders
            for path in sorted(folder.rglob("*"))
            if path.is_symlink() or path.is_file()
        }
        for name, path in paths.items():
            if name in OWN_FILES or name.startswith(WANDBS_FOLDERS) or name == "diff.patch":
                continue
            try:
                staged = staging.stage(run_dir, path if self._trusted else self._file(name))
            except (LostValue, OSError) as error:
                self.lost.append(f"saved file {name}: {error}{'' if self._trusted else '; see --trust'}")
                continue
            key, stored = file_key("save", name)
            yield records.Key(key, "ARTIFACT")
            caption = name if key != f"save/{name}" else None
            time = max(created, int(path.stat().st_mtime * 1000) + 1)
            yield records.File(time, 0, key, stored, suffix_of(stored)[1:], staged, caption=caption)

    def _alerts(self, created: int) -> list[records.Record]:
        return [records.Alert(created, title, text, level) for title, text, level in self.run.alerts]


def is_recorded(run_dir: Path) -> bool:
    """Return whether a directory has the `.wandb` file of a run of the real wandb."""
    for file in run_dir.glob("run-*.wandb"):
        with file.open("rb") as stream:
            return stream.read(len(wandb_file.MAGIC)) == wandb_file.MAGIC
    return False


def _stand_in(kind: str, **attributes: Any) -> Any:
    """Return an object that is converted like wandb's of a kind."""
    one = type("Recorded", (), {"_log_type": kind})()
    vars(one).update(attributes)
    return one


def _edges(value: dict[str, Any]) -> list[float]:
    """Return the edges of the bins of a recorded histogram."""
    if "bins" in value:
        return list(value["bins"])
    packed = value["packedBins"]
    return [packed["min"] + packed["size"] * index for index in range(packed["count"] + 1)]


def _time(row: dict[str, Any]) -> int | None:
    stamp = row.get("_timestamp")
    return int(stamp * 1000) if isinstance(stamp, (int, float)) else None
