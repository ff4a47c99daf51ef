"""Converts one of each medium, whichever `wandb` is installed, and prints what would be sent as JSON."""

import base64
import io
import json
import sys
import tempfile
from pathlib import Path

import numpy
from PIL import Image

import wandb
from wandb_compat.convert.convert_row import convert_row
from wandb_compat.convert.deferred import DeferredRecords
from wandb_compat.spool import records

RNG = numpy.random.default_rng(0)


def zoo(folder: Path) -> dict:
    """Return one of each medium."""
    colour = RNG.integers(0, 256, (8, 8, 3), dtype=numpy.uint8)
    Image.fromarray(colour).save(folder / "a photo.png")
    (folder / "s.wav").write_bytes(b"sound")
    (folder / "f.mp4").write_bytes(b"film")
    (folder / "m.pdb").write_text("ATOM")
    (folder / "m.obj").write_text("v 0 0 0")
    boxes = {"box_data": [{"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 0.5}, "class_id": 1}]}
    masks = {"m": {"mask_data": RNG.integers(0, 100, (8, 8)), "class_labels": {1: "one"}}}
    graph = wandb.Graph()
    graph.add_edge(graph.add_node(id=0, name="in"), graph.add_node(id=1, name="out"))
    box = wandb.box3d(center=(1, 2, 3), size=(1, 1, 1), orientation=(1, 2, 3, 4), color=(1, 0, 0))
    return {
        "grey": wandb.Image(colour[..., 0]),
        "alpha": wandb.Image(RNG.integers(0, 256, (8, 8, 4), dtype=numpy.uint8), caption="caption"),
        "path": wandb.Image(str(folder / "a photo.png")),
        "pil": wandb.Image(Image.fromarray(colour).convert("LA")),
        "annotated": wandb.Image(colour, boxes={"b": boxes}, masks=masks, classes=[{"id": 1, "name": "named"}]),
        "list": [wandb.Image(colour[:n], caption=str(n)) for n in (3, 2)],
        "sound": wandb.Audio(numpy.sin(numpy.arange(80)), sample_rate=8000, caption="c"),
        "sound file": wandb.Audio(str(folder / "s.wav")),
        "film": wandb.Video(str(folder / "f.mp4"), caption="c"),
        "film bytes": wandb.Video(io.BytesIO(b"gif"), format="gif"),
        "page": wandb.Html("<html>x</html>"),
        "histogram": wandb.Histogram([1, 2, 2, 5], num_bins=3),
        "cloud": wandb.Object3D(RNG.random((4, 3))),
        "scene": wandb.Object3D.from_point_cloud([[0, 0, 0]], [box]),
        "mesh": wandb.Object3D(str(folder / "m.obj")),
        "molecule": wandb.Molecule(str(folder / "m.pdb"), caption="c"),
        "graph": graph,
    }


def content(path: Path, kind: str) -> object:
    """Return what a file holds, so that two encodings of the same are the same."""
    if kind in ("png", "mask"):
        image = numpy.asarray(Image.open(path))
        return (image[..., :1] if kind == "mask" else image).tolist()
    if kind == "json":
        return json.loads(path.read_bytes())
    return base64.b64encode(path.read_bytes()).decode()


def main() -> None:
    """Print the records, with names that are made up replaced."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, home = Path(temporary, "user"), Path(temporary, "run")
        folder.mkdir(), home.mkdir()
        row = convert_row(zoo(folder), 3, 1000, home)
        for path in folder.iterdir():
            path.write_bytes(b"changed")
        converted = {}
        for key, record in row.keyed_records:
            made = record.make() if isinstance(record, DeferredRecords) else [record]
            for one in made:
                converted.setdefault(key.name, [key.type]).append(described(one, home))
        kinds = {key: value["_type"] for key, value in row.summary.items()}
    print(
        json.dumps({"module": wandb.Image.__module__, "version": wandb.__file__, "records": converted, "kinds": kinds})
    )


def described(record: records.Record, home: Path) -> dict:
    """Return a record without what is made up anew each time."""
    if isinstance(record, records.Series):
        return {"dataType": record.dataType, "data": json.loads(record.data), "step": record.step}
    assert isinstance(record, records.File)
    annotations = json.loads(record.annotations) if record.annotations else None
    for mask in (annotations or {}).get("masks", {}).values():
        mask["fileName"] = mask["fileName"].endswith(".mask.png")
    stem = record.name.split(".")[0] if record.key in ("path", "film", "mesh", "molecule") else None
    return {
        "type": record.type,
        "stem": stem,
        "sample": record.sample,
        "caption": record.caption,
        "annotations": annotations,
        "content": content(home / record.path, record.type),
    }


if __name__ == "__main__":
    sys.exit(main())
