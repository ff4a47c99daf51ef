"""Bad input: the exception that wandb raises where it raises, else a word by name while everything else arrives."""

import io
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image, UnidentifiedImageError

import wandb


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A folder of files that are no good."""
    (tmp_path / "folder.png").mkdir()
    for suffix in ("png", "wav", "mp4", "obj", "pdb"):
        (tmp_path / f"loop.{suffix}").symlink_to(tmp_path / f"loop.{suffix}")
        (tmp_path / f"folder.{suffix}").mkdir(exist_ok=True)
    (tmp_path / "empty.png").touch()
    (tmp_path / "corrupt.png").write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
    Image.fromarray(numpy.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=numpy.uint8)).save(
        tmp_path / "w.png"
    )
    (tmp_path / "cut.png").write_bytes((tmp_path / "w.png").read_bytes()[:2000])
    return tmp_path


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("missing.png", FileNotFoundError),
        ("", FileNotFoundError),
        ("folder.png", IsADirectoryError),
        ("loop.png", OSError),
        ("empty.png", UnidentifiedImageError),
        ("corrupt.png", OSError),
        ("cut.png", OSError),
    ],
)
def test_a_bad_image_file_is_refused_by_the_constructor(bad: Path, name: str, error: type[Exception]) -> None:
    """As with wandb, at once and with the same exception."""
    with pytest.raises(error):
        wandb.Image(str(bad / name) if name else "")


@pytest.mark.parametrize(
    ("make", "suffix"), [(wandb.Audio, "wav"), (wandb.Video, "mp4"), (wandb.Object3D, "obj"), (wandb.Molecule, "pdb")]
)
def test_other_bad_files_are_refused_by_the_constructor(bad: Path, make: Any, suffix: str) -> None:
    """Missing, a directory, a loop of links: as with wandb."""
    with pytest.raises(FileNotFoundError):
        make(str(bad / f"missing.{suffix}"))
    with pytest.raises(IsADirectoryError):
        make(str(bad / f"folder.{suffix}"))
    with pytest.raises(OSError):
        make(str(bad / f"loop.{suffix}"))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: wandb.Audio(numpy.ones(5)), ValueError),
        (lambda: wandb.Audio(numpy.ones(5, dtype=numpy.int64), sample_rate=8000), ValueError),
        (lambda: wandb.Audio(numpy.ones((2, 2, 2)), sample_rate=8000), ValueError),
        (lambda: wandb.Video(numpy.ones((2, 3, 4, 4))), ValueError),
        (lambda: wandb.Video(numpy.ones((2, 3, 4, 4)), format="avi"), ValueError),
        (lambda: wandb.Video(numpy.ones((3, 4, 4)), format="gif"), ValueError),
        (lambda: wandb.Video("film.avi"), ValueError),
        (lambda: wandb.Video(5, format="gif"), ValueError),
        (lambda: wandb.Video(io.BytesIO(b"")), ValueError),
        (lambda: wandb.Html(5), ValueError),
        (lambda: wandb.Histogram([1, float("nan")]), ValueError),
        (lambda: wandb.Histogram([1], num_bins=600), ValueError),
        (lambda: wandb.Histogram(np_histogram=([1], [1])), ValueError),
        (lambda: wandb.Histogram(np_histogram=(1, 2, 3)), ValueError),
        (lambda: wandb.Histogram(), TypeError),
        (lambda: wandb.Object3D(numpy.ones((3, 5))), ValueError),
        (lambda: wandb.Object3D([1]), ValueError),
        (lambda: wandb.Object3D({"type": "x"}), ValueError),
        (lambda: wandb.Object3D("x.foo"), ValueError),
        (lambda: wandb.Object3D(io.StringIO("x")), ValueError),
        (lambda: wandb.Molecule("x.foo"), ValueError),
        (lambda: wandb.Molecule(5), ValueError),
        (lambda: wandb.Plotly(5), ValueError),
        (lambda: wandb.data_types.Bokeh(5), TypeError),
        (lambda: wandb.box3d(center=(0,) * 3, size=(1,) * 3, orientation=(0,) * 4, color=(1,) * 3), ValueError),
    ],
)
def test_what_wandb_refuses_is_refused_at_once(make: Any, error: type[Exception]) -> None:
    """The constructor raises what wandb's raises."""
    with pytest.raises(error):
        make()
