"""Images of every origin arrive as the pixels that they were, with captions, boxes and masks."""

import io
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image

import wandb
from tests.process.convert.conftest import Log

RNG = numpy.random.default_rng(0)
MODES = (
    "1",
    "L",
    "P",
    "RGB",
    "RGBA",
    "CMYK",
    "YCbCr",
    "LAB",
    "HSV",
    "I",
    "F",
    "LA",
    "PA",
    "RGBX",
    "RGBa",
    "La",
    "I;16",
)


def photo(*shape: int) -> Any:
    """Return random bytes."""
    return RNG.integers(0, 256, shape, dtype=numpy.uint8)


def test_arrays_arrive_byte_for_byte(log: Log) -> None:
    """Bytes with 1, 3 and 4 channels, last, first or none, are the very pixels on the server."""
    grey, colour, alpha = photo(6, 7), photo(6, 7, 3), photo(6, 7, 4)
    seen = log(
        {
            "grey": wandb.Image(grey),
            "grey1": wandb.Image(grey[:, :, None]),
            "colour": wandb.Image(colour),
            "alpha": wandb.Image(alpha),
            "first": wandb.Image(numpy.moveaxis(colour, 2, 0)),
            "batch": wandb.Image(colour[None]),
            "integers": wandb.Image(colour.astype(int)),
        }
    )
    for key, expected in {"grey": grey, "grey1": grey, "alpha": alpha}.items():
        assert (seen.file(key).pixels() == expected).all(), key
    for key in ("colour", "first", "batch", "integers"):
        assert (seen.file(key).pixels() == colour).all(), key
    assert set(seen.types.values()) == {"IMAGE"}
    assert all(file.type == "png" and file.name.endswith(".png") for file in seen.files())


def test_floats_are_brought_to_bytes(log: Log) -> None:
    """Floats in [0, 1] and [-1, 1] and booleans fill the range; floats up to 255 and integers stay; False casts."""
    unit = RNG.random((5, 5))
    seen = log(
        {
            "unit": wandb.Image(unit),
            "signed": wandb.Image(unit * 2 - 1),
            "bytes": wandb.Image(numpy.array([[0.0, 255.0], [17.4, 300.0]])),
            "bool": wandb.Image(numpy.array([[True, False]])),
            "integers": wandb.Image(numpy.array([[0, 1]])),
            "cast": wandb.Image(unit, normalize=False),
            "stretched": wandb.Image(numpy.array([[0, 1]]), normalize=True),
            "nan": wandb.Image(numpy.array([[numpy.nan, 0.5]])),
        }
    )
    assert (seen.file("unit").pixels() == (unit * 255).astype(int)).all()
    assert abs(seen.file("signed").pixels().astype(int) - unit * 255).max() <= 1
    assert seen.file("bytes").pixels().tolist() == [[0, 255], [17, 255]]
    assert seen.file("bool").pixels().tolist() == [[255, 0]]
    assert seen.file("integers").pixels().tolist() == [[0, 1]]
    assert seen.file("cast").pixels().max() == 0
    assert seen.file("stretched").pixels().tolist() == [[0, 255]]
    assert seen.file("nan").pixels().tolist() == [[0, 127]]


def test_every_mode_of_pillow_arrives(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    """Each mode in each format is a file that opens, with the colours kept where the format has them."""
    images = {
        f"{mode}.{kind}": wandb.Image(Image.new(mode, (4, 3)), file_type=kind)
        for mode in MODES
        for kind in ("png", "jpg", "bmp")
    }
    seen = log(images)
    found = {file.key: Image.open(io.BytesIO(file.content)) for file in seen.files()}
    assert found.keys() == images.keys() and {one.size for one in found.values()} == {(4, 3)}
    assert {found[f"{mode}.png"].mode for mode in ("LA", "RGBA", "L", "RGB", "1", "P")} == {
        "LA", "RGBA", "L", "RGB", "1", "P"
    }  # fmt: skip
    assert {found[f"{mode}.jpg"].format for mode in MODES} == {"JPEG"}
    assert "could not be encoded" not in capsys.readouterr().err


def test_later_changes_of_the_data_have_no_effect(log: Log, tmp_path: Path) -> None:
    """Arrays, PIL images, figures and files are taken when they are given, and nothing of the user's is changed."""
    from matplotlib.figure import Figure

    array, path, figure = photo(4, 4, 3), tmp_path / "photo.png", Figure()
    figure.subplots().plot([1, 2])
    drawn = Image.fromarray(array)
    before = array.copy()
    drawn.save(path)
    content = path.read_bytes()
    images = {"array": wandb.Image(array), "pil": wandb.Image(drawn), "figure": wandb.Image(figure)}
    images["path"] = wandb.Image(str(path))
    figure.clear()
    array[:] = 0
    drawn.paste((0, 0, 0), (0, 0, 4, 4))
    seen = log(images, after=path.unlink)
    assert (seen.file("array").pixels() == before).all() and (seen.file("pil").pixels() == before).all()
    assert seen.file("path").content == content and seen.file("path").name.startswith("photo.")
    assert len(numpy.unique(seen.file("figure").pixels())) > 2
    assert not list(Path("wandb").glob("**/staged/*"))


def test_lists_keep_order_captions_and_sizes(log: Log) -> None:
    """A list is a group of samples in its order, each with its own caption; the summary tells of all."""
    photos = [photo(3, 3 + size, 3) for size in range(12)]
    seen = log({"samples": [wandb.Image(one, caption=f"é {index}") for index, one in enumerate(photos)]})
    files = seen.files("samples")
    assert [file.caption for file in files] == [f"é {index}" for index in range(12)]
    assert all((file.pixels() == one).all() for file, one in zip(files, photos, strict=True))
    assert seen.summary["samples"]._as_dict() == {
        "_type": "images/separated",
        "count": 12,
        "filenames": [file.name for file in files],
        "format": "png",
        "width": 3,
        "height": 3,
        "captions": [f"é {index}" for index in range(12)],
    }


def test_boxes_and_masks_arrive_as_annotations(log: Log) -> None:
    """Boxes are as given, masks are files with the class in the red channel; names of classes stand beside them."""
    box = {
        "position": {"minX": 0.1, "maxX": numpy.float32(0.5), "minY": 0, "maxY": 1},
        "class_id": 2,
        "scores": {"sure": numpy.float64(0.25)},
        "box_caption": "a car",
    }
    pixel = {"position": {"middle": [3, 4], "width": 2, "height": 2}, "domain": "pixel", "class_id": 3}
    mask = numpy.arange(20).reshape(4, 5) * 12
    image = wandb.Image(
        photo(4, 5, 3),
        boxes={"found": {"box_data": [box, pixel], "class_labels": {2: "car", 3: "tree"}}},
        masks={"truth": {"mask_data": mask, "class_labels": {0: "sky"}}, "guess": {"mask_data": mask > 100}},
        classes=wandb.Classes([{"id": 1, "name": "road"}]),
    )
    kept = mask.copy()
    mask[:] = 0
    seen = log({"image": [image, wandb.Image(photo(2, 2))]})
    files = {file.name: file for file in seen.files("image")}
    (annotations,) = [file.annotations for file in files.values() if file.annotations]
    assert annotations["boxes"]["found"]["class_labels"] == {"2": "car", "3": "tree"}
    first, second = annotations["boxes"]["found"]["box_data"]
    assert first == {**box, "position": {"minX": 0.1, "maxX": 0.5, "minY": 0, "maxY": 1}} and second == pixel
    truth, guess = (files[annotations["masks"][layer]["fileName"]] for layer in ("truth", "guess"))
    assert truth.type == guess.type == "mask"
    assert (truth.pixels()[..., 0] == kept).all() and not truth.pixels()[..., 1:].any()
    assert (guess.pixels()[..., 0] == (kept > 100)).all()
    assert annotations["masks"]["truth"]["class_labels"] == {"0": "sky"}
    assert annotations["masks"]["guess"]["class_labels"] == {"0": "class_0", "1": "road"}


def test_a_mask_can_be_a_file(log: Log, tmp_path: Path) -> None:
    """Its pixels are classes; the user's file stays as it is."""
    classes = photo(4, 4)
    Image.fromarray(classes).save(tmp_path / "mask.png")
    before = (tmp_path / "mask.png").read_bytes()
    seen = log({"image": wandb.Image(photo(4, 4), masks={"m": {"path": str(tmp_path / "mask.png")}})})
    (mask,) = [file for file in seen.files("image") if file.type == "mask"]
    assert (mask.pixels()[..., 0] == classes).all() and (tmp_path / "mask.png").read_bytes() == before


def test_an_image_of_an_image_and_other_arguments(log: Log) -> None:
    """`file_type`, `mode` and `grouping` do what they do with wandb; an Image of an Image takes a new caption."""
    pixels = photo(4, 4, 3)
    first = wandb.Image(pixels, caption="old", grouping=7)
    seen = log(
        {
            "again": wandb.Image(first, caption="new"),
            "jpg": wandb.Image(photo(4, 4, 4), file_type="jpg"),
            "mode": wandb.Image(pixels, mode="L"),
            "nested": {"deep": {"er": wandb.Image(pixels)}},
            "raw": Image.fromarray(pixels),
        }
    )
    assert seen.file("again").caption == "new" and (seen.file("again").pixels() == pixels).all()
    assert seen.summary["again"]["grouping"] == 7
    assert seen.file("jpg").content[:3] == b"\xff\xd8\xff" and seen.file("jpg").type == "jpg"
    assert seen.file("mode").pixels().shape == (4, 4)
    assert (seen.file("nested.deep.er").pixels() == pixels).all() and (seen.file("raw").pixels() == pixels).all()
    assert first.image is not None and (numpy.asarray(first.image) == pixels).all()
    assert first == wandb.Image(pixels, caption="old", grouping=7) and first != wandb.Image(pixels)
