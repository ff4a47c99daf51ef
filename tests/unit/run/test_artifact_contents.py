"""What an artifact takes before it is logged: each file once, and metadata that JSON can hold."""

import pathlib
from typing import Any

import numpy
import pytest
from PIL import Image

import wandb


def test_an_image_beside_its_file_is_stored_once(tmp_path: pathlib.Path) -> None:
    """An image made from a file that is in the artifact refers to that entry; once removed, it is added again."""
    path = str(tmp_path / "2x2.png")
    Image.new("RGB", (2, 2)).save(path)
    artifact = wandb.Artifact("pictures", "dataset")
    artifact.add_file(path)
    artifact.add(wandb.Image(path), "shown")
    assert sorted(artifact.manifest.entries) == ["2x2.png", "shown.image-file.json"]
    artifact.remove("2x2.png")
    artifact.add(wandb.Image(path), "again")
    (copied,) = [entry for entry in artifact.manifest.entries if entry.endswith("/2x2.png")]
    assert copied.startswith("media/images/")


@pytest.mark.parametrize("value", [object(), [object()], {"inner": (1, object())}])
def test_metadata_that_is_no_json_raises(value: Any) -> None:
    """An object would become a text with its address, and the same artifact another version each time."""
    with pytest.raises(TypeError, match="Object of type object is not JSON serializable"):
        wandb.Artifact("a", "b", metadata={"x": value})
    artifact = wandb.Artifact("a", "b")
    with pytest.raises(TypeError):
        artifact.metadata = {"x": value}
    artifact.metadata["x"] = value
    with wandb.init(mode="offline") as run, pytest.raises(TypeError):
        run.log_artifact(artifact)


def test_metadata_that_wandb_converts() -> None:
    """Numbers and arrays of NumPy, slices, sets, bytes and NaN have wandb's form."""
    metadata = {
        "number": numpy.float32(1),
        "array": numpy.arange(3),
        "nan": float("nan"),
        "keys": {1: 2},
        "set": {1, 2},
        "bytes": b"x",
        "slice": slice(4, 9, 2),
    }
    assert wandb.Artifact("a", "b", metadata=metadata).metadata == {
        "number": 1.0,
        "array": [0, 1, 2],
        "nan": None,
        "keys": {"1": 2},
        "set": [1, 2],
        "bytes": "x",
        "slice": {"slice_start": 4, "slice_step": 2, "slice_stop": 9},
    }
