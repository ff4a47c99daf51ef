"""Bad input: the exception that wandb raises where it raises, else a word by name while everything else arrives."""

import os
import re
from pathlib import Path

import numpy
import pytest
from PIL import Image

import wandb
from tests.process.convert.conftest import Log

PIXELS = numpy.arange(48, dtype=numpy.uint8).reshape(4, 4, 3)


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
    """Keys are stored as written; parts that a store removes, or that are too long, are replaced, with a hash."""
    keys = ["ü n", "../../up", "a//b", "k" * 300, "C:\\x", ".", "/"]
    seen = log({key: wandb.Image(PIXELS) for key in keys})
    stored = {file.key for file in seen.files()}
    assert {"ü n", "C:\\x"} <= stored and len(stored) == len(keys)
    replaced = sorted(re.sub("~[0-9a-f]{12}$", "", key) for key in stored - {"ü n", "C:\\x"})
    assert replaced == ["-", "--/--/up", "-/-", "a/-/b", "k" * 187]
    assert all((file.pixels() == PIXELS).all() for file in seen.files())


def test_a_value_that_cannot_be_encoded_causes_one_warning_and_the_rest_arrives(
    log: Log, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that fails in the background is named once, with the reason; other values of the call are there."""
    huge = wandb.Image(numpy.zeros((1, 70_000), numpy.uint8), file_type="jpg")  # more than JPEG can hold
    row = {"broken": huge, "fine": wandb.Image(PIXELS), "loss": 1}
    seen = log(row, row)
    printed = capsys.readouterr().err
    assert printed.count("the value of 'broken' could not be encoded and is left out") == 1
    assert seen.files("broken") == [] and len(seen.files("fine")) == 2 and seen.metric("loss") == [1, 1]


def test_unknown_types_are_refused_by_name(log: Log) -> None:
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


def test_past_the_memory_limit_the_caller_encodes(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
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
