"""A disk error that passes is distinguished from one that stays; a file that another program holds is tried again."""

import errno

import pytest

from wandb_compat.system import disk_errors
from wandb_compat.system.disk_errors import is_transient, while_in_use


class WindowsError(PermissionError):
    """A PermissionError as Windows raises it, with `winerror`: it cannot be had here."""

    def __init__(self, winerror: int) -> None:
        super().__init__(errno.EACCES, "the file is in use")
        self.winerror = winerror


@pytest.mark.parametrize("name", ["ESTALE", "EIO", "EINTR", "ETIMEDOUT", "ENOSPC", "EDQUOT", "EMFILE", "EBUSY"])
def test_errors_that_pass(name: str) -> None:
    """Those of full disks, network disks and files in use."""
    assert is_transient(OSError(getattr(errno, name), name))


@pytest.mark.parametrize("winerror", [5, 32, 33])
def test_files_in_use_on_windows(winerror: int) -> None:
    """A virus scanner holds a new file for a moment: access denied, sharing violation, lock violation."""
    assert is_transient(WindowsError(winerror))


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "no"), FileNotFoundError(errno.ENOENT, "no")])
def test_errors_that_stay(error: OSError) -> None:
    """Without `winerror` a missing permission does not come back."""
    assert not is_transient(error)


def test_a_file_in_use_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it is free, but not for ever; other errors are raised at once."""
    monkeypatch.setattr(disk_errors, "_PAUSE", 0.0)
    outcomes: list[Exception | str] = [WindowsError(32), WindowsError(5), "content"]

    def action() -> str:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert while_in_use(action) == "content"
    outcomes[:] = [FileNotFoundError(), "content"]
    with pytest.raises(FileNotFoundError):
        while_in_use(action)
    outcomes[:] = [WindowsError(32)] * 100
    with pytest.raises(WindowsError):
        while_in_use(action)
