"""Every name gets a path that this system and disk can hold, and no two names get the same."""

import unicodedata
from pathlib import Path

import pytest

from wandb_compat.system import file_names
from wandb_compat.system.file_names import ignores_case, local_paths


def names_at(root: Path, names: list[str], windows: bool) -> list[str]:
    """Return the local names below a root."""
    paths = local_paths(root, names, windows=windows)
    assert list(paths) == names
    return [path.relative_to(root).as_posix() for path in paths.values()]


def test_posix_names_are_kept(tmp_path: Path) -> None:
    """Linux holds them all."""
    names = ["a:b", "CON.txt", "end.", "Loss", "loss", "d/x?"]
    assert names_at(tmp_path, names, windows=False) == names


@pytest.mark.parametrize(
    ("name", "local"),
    [
        ("a:b", "a-b"),
        ('<>"|?*.txt', "------.txt"),
        ("..\\up", "..-up"),
        ("CON.txt", "CON-.txt"),
        ("nul", "nul-"),
        ("COM1.tar.gz", "COM1-.tar.gz"),
        ("console.txt", "console.txt"),
        ("end.", "end-"),
        ("end ", "end-"),
        ("tab\t", "tab-"),
        ("CON/deep:er/x.", "CON-/deep-er/x-"),
        ("plain/name.txt", "plain/name.txt"),
    ],
)
def test_windows_names(tmp_path: Path, name: str, local: str) -> None:
    """Windows refuses some characters, ends and names of devices."""
    assert names_at(tmp_path, [name], windows=True) == [local]


def test_names_that_fall_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a disk ignores case and Unicode form, both names are kept."""
    monkeypatch.setattr(file_names, "ignores_case", lambda folder: True)
    composed, decomposed = (unicodedata.normalize(form, "é.txt") for form in ("NFC", "NFD"))
    local = names_at(tmp_path, ["Loss.txt", "loss.txt", composed, decomposed, "dir.x/LOSS", "dir.x/loss"], False)
    assert local[0::2] == ["Loss.txt", composed, "dir.x/LOSS"]
    assert local[1].startswith("loss-") and local[1].endswith(".txt")
    assert local[5].startswith("dir.x/loss-")
    assert len({unicodedata.normalize("NFC", name).casefold() for name in local}) == len(local)


def test_case_of_this_disk(tmp_path: Path) -> None:
    """What is found out agrees with what the disk does."""
    (tmp_path / "file").touch()
    assert ignores_case(tmp_path) == (tmp_path / "FILE").exists()
