"""Turns media into records: images, sounds, films, pages, histograms, graphs; ours, the real wandb's, plain figures.

What a value is says its `_log_type`, which the real wandb's objects have as well as ours. Its file is either there, at
`_path`, and is copied now; or it is a draft, which only our own objects have and which the encoder writes later.
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

from wandb_compat.convert import deferred, images
from wandb_compat.convert.deferred import Draft
from wandb_compat.convert.row import Later, histogram_document, plain
from wandb_compat.spool import records, staging
from wandb_compat.wire.names import printable

if TYPE_CHECKING:
    from wandb_compat.convert.row import Row

# wandb's type of a value -> Pluto's type of its key
FILES = {
    "image-file": "IMAGE",
    "audio-file": "AUDIO",
    "video-file": "VIDEO",
    "html-file": "ARTIFACT",
    "plotly-file": "ARTIFACT",
    "bokeh-file": "ARTIFACT",
    "object3D-file": "ARTIFACT",
    "molecule-file": "ARTIFACT",
    "wb_trace_tree": "ARTIFACT",
}
# wandb's type of a list of them
_LISTS = {
    "image-file": "images/separated",
    "audio-file": "audio",
    "video-file": "videos",
    "html-file": "html",
    "object3D-file": "object3D",
    "molecule-file": "molecule",
}
_STEM_LIMIT = 80  # characters of a user's file name that are kept in the name on the server
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_AUTOMATIC = re.compile(r"class_(\d+)")


@dataclass
class Item:
    """One medium: its file or draft, and what is to be said about it."""

    log_type: str
    source: Path | Draft
    caption: str | None = None
    boxes: dict[str, Any] = field(default_factory=dict)
    masks: dict[str, Mask] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)  # further values for the summary


@dataclass
class Mask:
    """A mask of an image: its file or draft, and the names of the classes in it."""

    source: Path | Draft
    labels: dict[str, str]


def put(row: Row, key: str, value: Any) -> bool:
    """Add a medium, or a list of media, to a row; return False when the value is none.

    Raises:
        OSError: the file of a medium is gone or cannot be read.
        ValueError: the medium is only a reference to a file elsewhere.
    """
    kind = kind_of(value)
    if kind == "histogram":
        _put_histogram(row, key, value)
    elif kind == "graph-file":
        _put_graph(row, key, value)
    elif kind is not None:
        row.summary[key] = _put_item(row, key, item(value, kind), 0)
    elif isinstance(value, (list, tuple)) and value and all(kind_of(one) in FILES for one in value):
        _put_list(row, key, value)
    else:
        return False
    return True


def kind_of(value: Any) -> str | None:
    """Return wandb's type name of a medium (`image-file`…), also for plain figures and PIL images, else None."""
    kind = getattr(type(value), "_log_type", None)
    if isinstance(kind, str):
        return kind if kind in FILES or kind in ("histogram", "graph-file") else None
    if images.is_picture(value):
        return "image-file"
    if hasattr(value, "to_plotly_json") and type(value).__module__.startswith("plotly."):
        return "plotly-file"
    if any(one.__module__.startswith("bokeh.") and one.__name__ == "Model" for one in type(value).__mro__):
        return "bokeh-file"
    return None


def item(value: Any, kind: str) -> Item:
    """Return what there is to send of a medium of a kind."""
    if not isinstance(getattr(type(value), "_log_type", None), str):
        return _figure(value, kind)
    found = Item(kind, source_of(value), getattr(value, "_caption", None))
    if kind == "image-file":
        names = {one["id"]: one["name"] for one in getattr(getattr(value, "_classes", None), "_class_set", ())}
        for layer, boxes in (getattr(value, "_boxes", None) or {}).items():
            labels = _labels(boxes._class_labels, names)
            found.boxes[layer] = {"box_data": plain(boxes._val), "class_labels": labels}
        for layer, mask in (getattr(value, "_masks", None) or {}).items():
            known = getattr(mask, "_val", {}).get("class_labels", names)
            found.masks[layer] = Mask(source_of(mask), _labels(known, names))
    for name in ("width", "height", "sample_rate", "duration", "grouping"):
        if (number := getattr(value, f"_{name}", None)) is not None:
            found.about[name] = number
    return found


def source_of(value: Any) -> Path | Draft:
    """Return the file of a medium, or its draft while there is none.

    Raises:
        ValueError: it is a reference to a file elsewhere.
    """
    path = getattr(value, "_path", None)
    if value._log_type == "wb_trace_tree":  # the only one that wandb keeps in the row itself
        return deferred.draft(records.dump(value.to_json(None)), ".trace.json")
    if path is None:
        draft = getattr(value, "_draft", None)
        if draft is None:
            raise ValueError(f"wandb.{type(value).__name__} holds no file")
        return cast(Draft, draft)
    if re.match(r"(gs|s3|https?)://", str(path)):
        raise ValueError(
            f"{type(value).__name__} media created by a reference to external storage cannot currently be added to a"
            f" run: {path}"
        )
    if value._log_type == "plotly-file":  # wandb has written it, there are none of users'
        content = Path(path).read_bytes()
        return Draft(".plotly.json", partial(_unpack_plotly, content), len(content))
    return Path(path)


def _figure(value: Any, kind: str) -> Item:
    if kind == "image-file":
        picture = images.take(value)
        return Item(kind, picture.draft("png"), about={"width": picture.width, "height": picture.height})
    return Item(kind, plotly_draft(value) if kind == "plotly-file" else bokeh_draft(value))


def plotly_draft(figure: Any) -> Draft:
    """Return the file of a plotly figure as it is now, which plotly itself reads back."""
    return Draft(".plotly.json", partial(_write_plotly, figure.to_plotly_json()))  # a deep copy


def _unpack_plotly(content: bytes, path: Path) -> None:
    _write_plotly(json.loads(content), path)


def _write_plotly(document: Any, path: Path) -> None:
    path.write_bytes(records.dump(_lists(plain(document))))


def _lists(part: Any) -> Any:
    """Return a part of a plotly document with the arrays that plotly 6 has packed as lists, which everyone reads."""
    if isinstance(part, list):
        return [_lists(one) for one in part]
    if not isinstance(part, dict):
        return part
    if {"dtype", "bdata"} <= part.keys() <= {"dtype", "bdata", "shape"}:
        import numpy

        array = numpy.frombuffer(base64.b64decode(part["bdata"]), part["dtype"])
        shape = [int(size) for size in str(part.get("shape", array.size)).split(",")]
        return array.reshape(shape).tolist()
    return {key: _lists(one) for key, one in part.items()}


def bokeh_draft(model: Any) -> Draft:
    """Return the file of a bokeh model or document as it is now, which `Document.from_json` reads back."""
    from bokeh.document import Document

    document = model if isinstance(model, Document) else model.document
    if document is None:
        document = Document()
        document.add_root(model)
        text = _bokeh_json(document)
        document.remove_root(model)  # or its owner could not show it any more
    else:
        text = _bokeh_json(document)
    return deferred.draft(text, ".bokeh.json")


def _bokeh_json(document: Any) -> bytes:
    try:
        found = document.to_json(deferred=False)
    except TypeError:  # bokeh before 3.9
        found = document.to_json()
    return records.dump(plain(found))


def _labels(labels: Any, names: dict[Any, str]) -> dict[str, str]:
    """Return the names of classes; an automatic `class_3` gives way to the name in the image's `classes`."""
    found = {}
    for number, label in labels.items():
        automatic = _AUTOMATIC.fullmatch(str(label))
        found[str(number)] = names.get(int(automatic[1]), label) if automatic else label
    return found


def _put_list(row: Row, key: str, values: Sequence[Any]) -> None:
    kinds = [kind_of(value) or "" for value in values]
    told = [_put_item(row, key, item(value, kind), index) for index, (value, kind) in enumerate(zip(values, kinds))]  # noqa: B905
    if len(set(kinds)) > 1 or kinds[0] not in _LISTS:
        row.summary[key] = told
        return
    group: dict[str, Any] = {"_type": _LISTS[kinds[0]], "count": len(told), "filenames": [one["path"] for one in told]}
    group.update({name: told[0][name] for name in ("format", "width", "height") if name in told[0]})
    if any("caption" in one for one in told):
        group["captions"] = [one.get("caption") for one in told]
    row.summary[key] = group


def _put_item(row: Row, key: str, one: Item, sample: int) -> dict[str, Any]:
    """Add one medium to a row and return what the summary shows of it."""
    name = printable(key)
    about = dict(one.about)
    if isinstance(one.source, Draft):
        stem, suffix = key.rpartition("/")[2], one.source.suffix
    else:
        stem, suffix = _split(one.source)
        about["size"] = one.source.stat().st_size
    file = records.File(
        row.time,
        row.step,
        name,
        server_name(stem, suffix),
        suffix.rpartition(".")[2].lower(),
        "",
        sample=sample,
        caption=None if one.caption is None else str(one.caption),
    )
    source = _kept(row.home, one.source)
    # A mask's file is rewritten: it must be a copy and not a link to its owner's.
    masks = {layer: _kept(row.home, mask.source, link_from=sys.maxsize) for layer, mask in one.masks.items()}
    size = sum(each.size for each in (source, *masks.values()) if isinstance(each, Draft))
    later = Later(lambda: _files(row.home, file, source, one, masks), key, size)
    row.others.append((records.Key(name, FILES[one.log_type]), later))
    told = {"_type": one.log_type, "path": file.name, "format": file.type, **about}
    if file.caption is not None:
        told["caption"] = file.caption
    return told


def _split(path: Path) -> tuple[str, str]:
    """Return stem and suffix of a file name; a suffix in two parts, as `.pts.json`, stays whole."""
    stem, suffix = os.path.splitext(path.name)  # noqa: PTH122
    if suffix == ".json" and (inner := os.path.splitext(stem)[1]) in (".pts", ".plotly", ".bokeh"):  # noqa: PTH122
        stem, suffix = stem[: -len(inner)], inner + suffix
    return stem, _UNSAFE.sub("-", suffix)[:16]


def server_name(stem: str, suffix: str) -> str:
    """Return the name of a file on the server: what its owner called it, made unique and fit for any file system."""
    safe = _UNSAFE.sub("-", stem).strip(".-")[:_STEM_LIMIT]
    return f"{safe}.{uuid4().hex}{suffix}" if safe else f"{uuid4().hex}{suffix}"


def _kept(home: Path, source: Path | Draft, link_from: int = staging.LARGE) -> str | Draft:
    """Return a draft as it is, and of a file the path of a copy that is made now, relative to the run folder.

    Raises:
        OSError: the file cannot be read.
    """
    if isinstance(source, Draft):
        return source
    with source.open("rb"):
        pass
    try:
        return staging.stage(home, source, link_from)
    except OSError as error:  # not the user's file but our folder: a full disk must not stop a training
        return Draft(source.suffix, partial(_refuse, error))


def _refuse(error: OSError, path: Path) -> None:
    raise error


def _files(
    home: Path, file: records.File, source: str | Draft, one: Item, masks: dict[str, str | Draft]
) -> Iterable[records.Record]:
    """Write the files of a medium and yield their records, those of masks first: the image refers to them."""
    annotations: dict[str, Any] = {"boxes": one.boxes} if one.boxes else {}
    for layer, mask in masks.items():
        path = _written(home, mask)
        images.red_file(home / path)
        name = f"{uuid4().hex}.mask.png"
        annotations.setdefault("masks", {})[layer] = {"fileName": name, "class_labels": one.masks[layer].labels}
        yield records.File(file.time, file.step, file.key, name, "mask", path, sample=file.sample)
    file.path = _written(home, source)
    if annotations:
        file.annotations = records.dump(annotations).decode()
    yield file


def _written(home: Path, source: str | Draft) -> str:
    """Return the path of a file relative to the run folder, once it is there."""
    if isinstance(source, str):
        return source
    suffix, write = source.raw or (source.suffix, source.write)
    path = staging.new_path(home, suffix)
    write(path)
    return staging.relative(home, path)


def _put_histogram(row: Row, key: str, value: Any) -> None:
    counts, edges = plain(value.histogram), plain(value.bins)
    name = printable(key)
    series = records.Series(row.time, row.step, "HISTOGRAM", name, histogram_document(counts, edges))
    row.others.append((records.Key(name, "HISTOGRAM"), series))
    row.summary[key] = {"_type": "histogram", "values": counts, "bins": edges}


def _put_graph(row: Row, key: str, value: Any) -> None:
    nodes = {str(node.id): plain(node._attributes) for node in value.nodes}
    pairs = [(str(edge.from_node.id), str(edge.to_node.id), edge.name) for edge in value.edges]
    document = {
        "nodes": nodes,
        "edges": {f"{start} -> {end}": {"from": start, "to": end, "name": label} for start, end, label in pairs},
        "successors": {node: [end for start, end, _ in pairs if start == node] for node in nodes},
        "predecessors": {node: [start for start, end, _ in pairs if end == node] for node in nodes},
        "format": value.format,
        "type": "Graph",
        "v": 1,
    }
    name = printable(key)
    series = records.Series(row.time, row.step, "GRAPH", name, records.dump(document).decode())
    row.others.append((records.Key(name, "DATA"), series))  # a Pluto server has no type GRAPH for keys
    row.summary[key] = {"_type": "graph-file", "format": value.format, "nodes": len(nodes), "edges": len(pairs)}
