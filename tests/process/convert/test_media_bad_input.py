"""Bad input: the exception that wandb raises where it raises, else a word by name while everything else arrives."""

import io
import os
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image, UnidentifiedImageError

import wandb
from tests.process.convert.conftest import Log

PIXELS = numpy.arange(48, dtype=numpy.uint8).reshape(4, 4, 3)


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


def test_references_and_files_that_are_gone_are_refused_by_log(log: Log, tmp_path: Path) -> None:
    """As with wandb: a reference can be made but not logged, and a file must still be there when it is logged."""
    Image.fromarray(PIXELS).save(tmp_path / "gone.png")
    gone, reference = wandb.Image(str(tmp_path / "gone.png")), wandb.Image("https://example.com/a.png")
    (tmp_path / "gone.png").unlink()

    def tries() -> None:
        with pytest.raises(FileNotFoundError, match=r"gone\.png"):
            wandb.log({"x": gone})
        with pytest.raises(ValueError, match="reference to external storage"):
            wandb.log({"x": reference})

    assert log({"loss": 1}, after=tries).metric("loss") == [1]


@pytest.mark.parametrize(
    "name", ["ünïcödé ✓.png", "with spaces  and\ttab.png", "a..b...png", "..png.png", "x" * 251 + ".png", "-.png"]
)
def test_any_file_name_arrives(log: Log, tmp_path: Path, name: str) -> None:
    """The bytes are the file's, the name on the server is safe and recalls its own."""
    path = tmp_path / name
    Image.fromarray(PIXELS).save(path)
    file = log({"image": wandb.Image(path)}).file("image")
    assert file.content == path.read_bytes() and file.name.endswith(".png")
    assert file.name.isascii() and len(file.name) < 140 and "/" not in file.name and not file.name.startswith(".")


def test_any_key_arrives(log: Log) -> None:
    """Keys with unicode, spaces, `..` and 300 characters are logged under Pluto's spelling of them."""
    keys = ["ü n", "../../up", "a//b", "k" * 300, "C:\\x", ".", "/"]
    seen = log({key: wandb.Image(PIXELS) for key in keys})
    assert [file.key for file in sorted(seen.files(), key=lambda one: one.key)] == sorted(
        key.replace("ü", "-") for key in keys
    )
    assert all((file.pixels() == PIXELS).all() for file in seen.files())


def test_what_cannot_be_encoded_is_said_once_and_the_rest_arrives(
    log: Log, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that fails in the background is named once, with the reason; other values of the call are there."""
    huge = wandb.Image(numpy.zeros((1, 70_000), numpy.uint8), file_type="jpg")  # more than JPEG can hold
    row = {"broken": huge, "fine": wandb.Image(PIXELS), "loss": 1}
    seen = log(row, row)
    said = capsys.readouterr().err
    assert said.count("the value of 'broken' could not be encoded and is left out") == 1
    assert seen.files("broken") == [] and len(seen.files("fine")) == 2 and seen.metric("loss") == [1, 1]


def test_strangers_are_refused_by_name(log: Log) -> None:
    """TypeError, as with wandb, naming key and type; functions, sets and bytes are logged as their text."""

    class Stranger:
        pass

    def tries() -> None:
        with pytest.raises(TypeError, match=r"Stranger is not JSON serializable.*'x'"):
            wandb.log({"x": Stranger()})

    seen = log({"function": os.path.join, "set": {"a"}, "bytes": b"b"}, after=tries)
    assert (
        seen.summary["function"] == "posixpath.join" and seen.summary["set"] == ["a"] and seen.summary["bytes"] == "b"
    )


def test_more_than_memory_shall_hold_is_encoded_by_the_caller(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound nothing is dropped."""
    monkeypatch.setattr("wandb_compat.pipeline.encoder.SNAPSHOT_LIMIT", 100)
    seen = log(*({"image": wandb.Image(PIXELS + step)} for step in range(20)))
    assert all((file.pixels() == PIXELS + file.step).all() for file in seen.files("image"))
    assert len(seen.files("image")) == 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_logs_media(log: Log) -> None:
    """Its images are encoded before `log` returns, for a child may end at any moment."""

    def fork() -> None:
        if (child := os.fork()) == 0:
            wandb.log({"child": wandb.Image(PIXELS)})
            os._exit(0)
        os.waitpid(child, 0)

    seen = log({"parent": wandb.Image(PIXELS)}, after=fork)
    assert (seen.file("child").pixels() == PIXELS).all() and (seen.file("parent").pixels() == PIXELS).all()
