"""Helpers of `wandb.util` that projects call give what wandb 0.31 gives."""

import enum
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

import wandb
from wandb import util


class Color(enum.Enum):
    """An enumeration, as configurations hold it."""

    RED = 1


def test_sizes() -> None:
    """A number without a known unit is bytes; a size is shown in the largest unit that it exceeds."""
    assert [util.from_human_size(text) for text in ("10GB", "10G", "10", "1.5 KB")] == [10_000_000_000, 10, 10, 1500]
    assert util.from_human_size("4.8MiB", util.POW_2_BYTES) == 5033164
    assert [util.to_human_size(size) for size in (999, 1000, 1001, 1_000_000)] == [
        "999.0B",
        "1000.0B",
        "1.0KB",
        "1000.0KB",
    ]
    with pytest.raises(ValueError, match="size must be"):
        util.from_human_size("large")


def test_json_forms() -> None:
    """An enumeration becomes its name, NaN none in the configuration and NaN in JSON."""
    assert util.json_friendly(Color.RED) == ("RED", True)
    assert util.json_friendly_val(float("nan")) is None
    written = json.loads(util.json_dumps_safer({"a": float("nan"), "b": np.float16("nan")}))
    assert written["a"] != written["a"] and written["b"] != written["b"]
    assert util.json_dumps_safer({"a": [1, 2]}) == '{"a":[1,2]}'


def test_a_tar_file_depends_on_its_content_only(tmp_path: Path) -> None:
    """Two archives of the same files are the same file."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.txt").write_text("a")
    for name in ("1.tgz", "2.tgz"):
        util.make_tarfile(output_filename=str(tmp_path / name), source_dir=str(source), archive_name="code")
    assert (tmp_path / "1.tgz").read_bytes() == (tmp_path / "2.tgz").read_bytes()
    with tarfile.open(tmp_path / "1.tgz") as archive:
        assert "code/a.txt" in archive.getnames()


def test_names_of_docker_images() -> None:
    """Options without a value do not hide the image; separators do not pile up."""
    assert util.image_from_docker_args(["run", "-v", "/a:/b", "-it", "wandb/deepo", "sh"]) == "wandb/deepo"
    assert util.image_from_docker_args(["run", "--name", "box", "wandb/deepo"]) == "wandb/deepo"
    assert util.make_docker_image_name_safe("./abc.123___def-456---_.") == "abc.123__def-456"


def test_paths_and_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of another machine has no local path; pages have the host `app.` where the API has `api.`."""
    monkeypatch.delenv("WANDB_APP_URL", raising=False)
    assert util.get_local_path_or_none("file://machine") is None
    assert util.get_local_path_or_none("file:///tmp/a") == "/tmp/a"
    assert util.app_url("http://api.x") == "http://app.x"


def test_too_few_values_are_a_usage_error() -> None:
    """As with wandb."""
    with pytest.raises(wandb.UsageError):
        util.downsample([1, 2, 3], 1)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((3,), "label"),
        ((3, 3), "label"),
        ((2, 8, 8), None),
        ((2, 8, 8, 3), "image"),
        ((2, 8, 8, 5), "segmentation_mask"),
    ],
)
def test_kinds_of_arrays(shape: tuple[int, ...], expected: str | None) -> None:
    """As the real wandb guesses them."""
    assert util.guess_data_type(shape) == expected
