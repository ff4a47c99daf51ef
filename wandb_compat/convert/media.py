"""Converts media to records: images, audio, video, HTML, figures, histograms and graphs.

The objects of the real wandb and ours are read alike. A medium has either a file at `_path`, which is copied at once,
or, for our own objects, a deferred file, which the encoder thread writes.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

from wandb_compat.convert import deferred, figures, images
from wandb_compat.convert.deferred import DeferredFile
from wandb_compat.convert.histograms import histogram_document
from wandb_compat.convert.json_values import json_value
from wandb_compat.convert.kinds import FILE_TYPES, is_wandb_value, kind_of
from wandb_compat.convert.row import Row
from wandb_compat.spool import records, staging
from wandb_compat.wire.names import file_log_key

# wandb's type of one medium -> wandb's type of a list of them
_LIST_TYPES = {
    "image-file": "images/separated",
    "audio-file": "audio",
    "video-file": "videos",
    "html-file": "html",
    "object3D-file": "object3D",
    "molecule-file": "molecule",
}
_STEM_LIMIT = 80  # characters of the user's file name that are kept in the name on the server
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_AUTOMATIC_LABEL = re.compile(r"class_(\d+)")
_TWO_PART_SUFFIXES = (".pts", ".plotly", ".bokeh")


@dataclass
class Mask:
    """A mask of an image: its file, and the names of its classes."""

    source: Path | DeferredFile
    labels: dict[str, str]


@dataclass
class Medium:
    """What a medium consists of.

    Args:
        kind: wandb's type, one of FILE_TYPES.
        source: its file.
        caption: text beside it.
        boxes: bounding boxes of an image by layer, as Pluto's annotations have them.
        masks: masks of an image by layer.
        summary: further fields for the summary.
    """

    kind: str
    source: Path | DeferredFile
    caption: str | None = None
    boxes: dict[str, Any] = field(default_factory=dict)
    masks: dict[str, Mask] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)


def add_file(row: Row, key: str, value: Any) -> None:
    """Add a medium that is a file to a row.

    Args:
        row: receives the records and the summary value.
        key: the logged key.
        value: of a kind in FILE_TYPES.

    Raises:
        OSError: the file of the medium is gone or cannot be read.
        ValueError: the medium is a reference to a file in external storage.
    """
    row.summary[key] = _add_medium(row, key, read_medium(value), 0)


def add_samples(row: Row, key: str, values: Sequence[Any]) -> None:
    """Add a list of media as the samples of one key, in their order; see `add_file`."""
    media = [read_medium(value) for value in values]
    entries = [_add_medium(row, key, medium, index) for index, medium in enumerate(media)]
    kind = media[0].kind
    if kind not in _LIST_TYPES or any(medium.kind != kind for medium in media):
        row.summary[key] = entries
        return
    group: dict[str, Any] = {
        "_type": _LIST_TYPES[kind],
        "count": len(entries),
        "filenames": [entry["path"] for entry in entries],
    }
    group.update({name: entries[0][name] for name in ("format", "width", "height") if name in entries[0]})
    if any("caption" in entry for entry in entries):
        group["captions"] = [entry.get("caption") for entry in entries]
    row.summary[key] = group


def add_histogram(row: Row, key: str, value: Any) -> None:
    """Add a `wandb.Histogram` to a row."""
    counts, edges = json_value(value.histogram), json_value(value.bins)
    row.add_series(key, "HISTOGRAM", histogram_document(counts, edges))
    row.summary[key] = {"_type": "histogram", "values": counts, "bins": edges}


def add_graph(row: Row, key: str, value: Any) -> None:
    """Add a `wandb.Graph` to a row."""
    nodes = {str(node.id): json_value(node._attributes) for node in value.nodes}
    edges = [(str(edge.from_node.id), str(edge.to_node.id), edge.name) for edge in value.edges]
    document = {
        "nodes": nodes,
        "edges": {f"{start} -> {end}": {"from": start, "to": end, "name": label} for start, end, label in edges},
        "successors": {node: [end for start, end, _ in edges if start == node] for node in nodes},
        "predecessors": {node: [start for start, end, _ in edges if end == node] for node in nodes},
        "format": value.format,
        "type": "Graph",
        "v": 1,
    }
    # A Pluto server has no key type GRAPH.
    row.add_series(key, "GRAPH", records.dump(document).decode(), "DATA")
    row.summary[key] = {"_type": "graph-file", "format": value.format, "nodes": len(nodes), "edges": len(edges)}


# kind -> function that adds such a value to a row
ADDERS: dict[str, Callable[[Row, str, Any], None]] = {
    **dict.fromkeys(FILE_TYPES, add_file),
    "histogram": add_histogram,
    "graph-file": add_graph,
}


def read_medium(value: Any) -> Medium:
    """Return what a medium of a kind in FILE_TYPES consists of.

    Raises:
        OSError: its file cannot be read.
        ValueError: it is a reference to a file in external storage.
    """
    kind = kind_of(value) or ""
    if not is_wandb_value(value):
        return _read_figure(value, kind)
    medium = Medium(kind, _source_of(value), getattr(value, "_caption", None))
    if kind == "image-file":
        _read_annotations(value, medium)
    for name in ("width", "height", "sample_rate", "duration", "grouping"):
        if (number := getattr(value, f"_{name}", None)) is not None:
            medium.summary[name] = number
    return medium


def _read_annotations(image: Any, medium: Medium) -> None:
    classes = getattr(getattr(image, "_classes", None), "_class_set", ())
    names = {entry["id"]: entry["name"] for entry in classes}
    for layer, boxes in (getattr(image, "_boxes", None) or {}).items():
        labels = _class_labels(boxes._class_labels, names)
        medium.boxes[layer] = {"box_data": json_value(boxes._val), "class_labels": labels}
    for layer, mask in (getattr(image, "_masks", None) or {}).items():
        known = getattr(mask, "_val", {}).get("class_labels", names)
        medium.masks[layer] = Mask(_source_of(mask), _class_labels(known, names))


def _class_labels(labels: Any, names: dict[Any, str]) -> dict[str, str]:
    """Return class labels; names from the image's `classes` replace automatic labels such as `class_3`."""
    found = {}
    for number, label in labels.items():
        automatic = _AUTOMATIC_LABEL.fullmatch(str(label))
        found[str(number)] = names.get(int(automatic[1]), label) if automatic else label
    return found


def _source_of(value: Any) -> Path | DeferredFile:
    """Return the file of a medium, or its deferred file.

    Raises:
        ValueError: it is a reference to a file in external storage.
    """
    path = getattr(value, "_path", None)
    if value._log_type == "wb_trace_tree":  # wandb keeps this kind in the row itself
        return deferred.from_bytes(records.dump(value.to_json(None)), ".trace.json")
    if path is None:
        deferred_file = getattr(value, "_deferred_file", None)
        if deferred_file is None:
            raise ValueError(f"wandb.{type(value).__name__} holds no file")
        return cast(DeferredFile, deferred_file)
    if re.match(r"(gs|s3|https?)://", str(path)):
        raise ValueError(
            f"{type(value).__name__} media created by a reference to external storage cannot currently be added to a"
            f" run: {path}"
        )
    if value._log_type == "plotly-file":  # always written by wandb, never the user's file
        return figures.unpacked_plotly_file(Path(path))
    return Path(path)


def _read_figure(value: Any, kind: str) -> Medium:
    if kind == "plotly-file":
        return Medium(kind, figures.plotly_file(value))
    if kind == "bokeh-file":
        return Medium(kind, figures.bokeh_file(value))
    image = images.from_data(value)
    return Medium(kind, image.deferred_file("png"), summary={"width": image.width, "height": image.height})


def _add_medium(row: Row, key: str, medium: Medium, sample: int) -> dict[str, Any]:
    """Add one medium to a row and return its entry for the summary."""
    entry = {"_type": medium.kind, "path": "", "format": "", **medium.summary}
    if isinstance(medium.source, DeferredFile):
        stem, suffix = key.rpartition("/")[2], medium.source.suffix
    else:
        stem, suffix = _split_name(medium.source)
        entry["size"] = medium.source.stat().st_size
    file = records.File(
        row.time,
        row.step,
        file_log_key(key),
        server_name(stem, suffix),
        suffix.rpartition(".")[2].lower(),
        "",
        sample=sample,
        caption=None if medium.caption is None else str(medium.caption),
        adds=row.adds,
    )
    entry.update(path=file.name, format=file.type)
    if file.caption is not None:
        entry["caption"] = file.caption
    source = _stage(row.run_dir, medium.source)
    # The file of a mask is rewritten: it must be a copy and not a link to the user's file.
    masks = {layer: _stage(row.run_dir, mask.source, link_from=sys.maxsize) for layer, mask in medium.masks.items()}
    size = sum(each.size for each in (source, *masks.values()) if isinstance(each, DeferredFile))
    make = partial(_make_files, row.run_dir, file, source, medium, masks)
    row.defer_files(key, FILE_TYPES[medium.kind], make, size)
    return entry


def _split_name(path: Path) -> tuple[str, str]:
    """Return stem and suffix of a file name; a suffix in two parts, such as `.pts.json`, is kept whole."""
    stem, suffix = os.path.splitext(path.name)  # noqa: PTH122
    if suffix == ".json" and (inner := os.path.splitext(stem)[1]) in _TWO_PART_SUFFIXES:  # noqa: PTH122
        stem, suffix = stem[: -len(inner)], inner + suffix
    return stem, _UNSAFE.sub("-", suffix)[:16]


def server_name(stem: str, suffix: str) -> str:
    """Return a unique file name for the server that begins with the user's name and is valid on every file system."""
    safe = _UNSAFE.sub("-", stem).strip(".-")[:_STEM_LIMIT]
    return f"{safe}.{uuid4().hex}{suffix}" if safe else f"{uuid4().hex}{suffix}"


def _stage(run_dir: Path, source: Path | DeferredFile, link_from: int = staging.LARGE) -> str | DeferredFile:
    """Copy a file into the run directory and return its path there; a deferred file is returned unchanged.

    Raises:
        OSError: the file cannot be read.
    """
    if isinstance(source, DeferredFile):
        return source
    with source.open("rb"):
        pass
    try:
        return staging.stage(run_dir, source, link_from)
    except OSError as error:  # the run directory is at fault, not the user's file: a full disk must not stop training
        return DeferredFile(source.suffix, partial(_fail, error))


def _fail(error: OSError, path: Path) -> None:
    raise error


def _make_files(
    run_dir: Path,
    file: records.File,
    source: str | DeferredFile,
    medium: Medium,
    masks: dict[str, str | DeferredFile],
) -> Iterable[records.Record]:
    """Write the files of a medium and yield their records. Masks come first, because the image refers to them."""
    annotations: dict[str, Any] = {"boxes": medium.boxes} if medium.boxes else {}
    for layer, mask in masks.items():
        path = _write(run_dir, mask)
        images.rewrite_class_mask(run_dir / path)
        name = f"{uuid4().hex}.mask.png"
        annotations.setdefault("masks", {})[layer] = {"fileName": name, "class_labels": medium.masks[layer].labels}
        yield records.File(file.time, file.step, file.key, name, "mask", path, sample=file.sample, adds=file.adds)
    file.path = _write(run_dir, source)
    if annotations:
        file.annotations = records.dump(annotations).decode()
    yield file


def _write(run_dir: Path, source: str | DeferredFile) -> str:
    """Write a deferred file; return the path of the file relative to the run directory."""
    if isinstance(source, str):
        return source
    suffix, write = source.raw or (source.suffix, source.write)
    path = staging.new_path(run_dir, suffix)
    write(path)
    return staging.relative(run_dir, path)
