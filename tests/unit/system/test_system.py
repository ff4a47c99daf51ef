"""Call sites do not ask which system they run on: each difference is in one module."""

import os
import re
from pathlib import Path

import pytest

from wandb_compat.system import file_access
from wandb_compat.system.file_access import open_binary

ROOT = Path(__file__).parents[3]
# What only `wandb_compat/system` may use, with the exceptions and their reasons.
PRIMITIVES = {
    r"\bos\.open\(": {},
    r"\b(flock|filelock|msvcrt)\b": {},
    r"\b(start_new_session|creationflags|preexec_fn)\b": {},
}


@pytest.mark.parametrize("pattern", PRIMITIVES)
def test_primitives_are_used_in_one_place(pattern: str) -> None:
    """Bytes, locks and background processes go through the functions of `wandb_compat/system`."""
    found = {
        file.relative_to(ROOT).as_posix()
        for package in ("wandb", "wandb_compat")
        for file in (ROOT / package).rglob("*.py")
        if file.parent.name != "system" and re.search(pattern, file.read_text(encoding="utf-8"))
    }
    assert found == set(PRIMITIVES[pattern])


def test_bytes_are_written_unchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows needs a flag for that, without which the uploader's notes cannot be read back."""
    given = []
    real = os.open
    monkeypatch.setattr(os, "O_BINARY", 1 << 40, raising=False)
    monkeypatch.setattr(
        file_access.os, "open", lambda path, flags, mode: given.append(flags) or real(path, flags & ~(1 << 40), mode)
    )
    os.close(open_binary(tmp_path / "file", os.O_WRONLY | os.O_CREAT))
    assert given == [os.O_WRONLY | os.O_CREAT | 1 << 40]
