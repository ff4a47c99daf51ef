"""Write-then-rename."""

import errno
from pathlib import Path

import pytest

from wandb_compat.system import atomic_write as module
from wandb_compat.system.atomic_write import atomic_write


@pytest.mark.parametrize("durable", [False, True])
def test_replaces_whole(tmp_path: Path, durable: bool) -> None:
    """Bytes and text replace what was there, and nothing else is left in the directory."""
    path = tmp_path / "state.json"
    atomic_write(path, b"old", durable=durable)
    atomic_write(path, "new: \u00e9", durable=durable)
    assert path.read_bytes() == "new: \u00e9".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_failure_keeps_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails leaves the old file and no temporary one."""
    path = tmp_path / "state.json"
    atomic_write(path, "old")

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(module.os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        atomic_write(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
