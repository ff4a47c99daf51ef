"""Media in artifacts come back as the objects that they were."""

import io
from typing import Any

import numpy
import soundfile

import wandb
from tests.process.convert.conftest import Log

RNG = numpy.random.default_rng(0)


def test_media_come_back_from_an_artifact(log: Log) -> None:
    """`artifact.add(media, name)` and `artifact.get(name)` are inverse, boxes, masks and names of classes included."""
    pixels, mask = RNG.integers(0, 256, (4, 4, 3), dtype=numpy.uint8), RNG.integers(0, 200, (4, 4))
    box = {"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}, "class_id": 1}
    image = wandb.Image(
        pixels,
        caption="c",
        boxes={"b": {"box_data": [box], "class_labels": {1: "car"}}},
        masks={"m": {"mask_data": mask}},
    )
    found: dict[str, Any] = {}

    def keep() -> None:
        assert wandb.run is not None
        artifact = wandb.Artifact("media", "dataset")
        artifact.add(image, "image")
        artifact.add(wandb.Html("<p>", inject=False), "page")
        artifact.add(wandb.Audio(numpy.full(9, 0.5), sample_rate=90, caption="s"), "sound")
        artifact.add(wandb.Molecule(io.StringIO("ATOM"), file_type="pdb"), "molecule")
        wandb.run.log_artifact(artifact).wait()
        used = wandb.run.use_artifact("media:latest")
        found.update({name: used.get(name) for name in ("image", "page", "sound", "molecule")})

    log({"loss": 1}, after=keep)
    read = found["image"]
    assert (numpy.asarray(read.image) == pixels).all() and read._caption == "c"
    assert read._boxes["b"]._val == [box] and read._classes._class_set[0]["name"] == "car"
    assert found["page"].html == "<p>" and found["sound"]._caption == "s"
    assert soundfile.read(found["sound"]._path, dtype="int16")[0].tolist() == [16384] * 9
    assert found["molecule"]._file().read_bytes() == b"ATOM"
    from PIL import Image

    assert (numpy.asarray(Image.open(read._masks["m"]._path))[..., 0] == mask).all()
