"""Faults of other systems and disks, each at the place where it did harm."""

import errno
import os
from pathlib import Path

import pytest

from wandb._native.artifacts import lookup, naming
from wandb._native.run.saved_files import LinkedFiles
from wandb_compat.artifacts.saved_files import SavedFiles
from wandb_compat.cli import doctor_checks
from wandb_compat.cli.run_dirs import find_run_dirs
from wandb_compat.server.storage import database
from wandb_compat.server.storage.database import DataFolderError, Store
from wandb_compat.spool import journal, records
from wandb_compat.spool.journal import Journal
from wandb_compat.spool.notifier import CallbackNotifier
from wandb_compat.system import shell


def test_staging_without_a_writable_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Artifacts are prepared in the directory for temporary files, with a warning that names the variable."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path / "file" / "data"))
    folder = lookup.staging_folder()
    assert os.access(folder, os.W_OK) and not folder.is_relative_to(tmp_path / "file")
    assert "Set WANDB_DATA_DIR" in capsys.readouterr().err


def test_names_with_a_colon_are_names() -> None:
    """`a:b` is a drive on Windows only, where it gets another name; what leads out of the artifact is refused."""
    assert naming.check_path("a:b") == "a:b"
    for path in ("C:/x", "../x", "/x", "a/../../x"):
        with pytest.raises(ValueError, match="Invalid artifact path"):
            naming.check_path(path)


def test_latest_run_without_links(tmp_path: Path) -> None:
    """Where a system has no links, `latest-run` is the newest run directory."""
    for name in ("run-20260101_000000-old", "offline-run-20260102_000000-new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"run-{name[-3:]}.wandb").touch()
    assert [found.path.name for found in find_run_dirs(tmp_path / "latest-run")] == ["offline-run-20260102_000000-new"]


@pytest.mark.parametrize(
    ("platform", "line"),
    [("linux", "export NAME='a b'"), ("darwin", "export NAME='a b'"), ("win32", '$env:NAME = "a b"')],
)
def test_assignments(platform: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`serve` prints lines for the shell of its system."""
    monkeypatch.setattr(shell.sys, "platform", platform)
    assert shell.assignment("NAME", "a b") == line


def test_files_that_became_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A saved file whose directory was closed costs a warning; the others are submitted. Root may read everything."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "good.txt").write_text("x")
    (folder / "closed.txt").write_text("x")
    real = os.stat

    def stat(path: object, *args: object, **kwargs: object) -> os.stat_result:
        if str(path).endswith("closed.txt"):
            raise PermissionError(errno.EACCES, "closed")
        return real(path, *args, **kwargs)  # type: ignore[arg-type,call-overload]

    submitted: list[records.Record] = []
    files = SavedFiles(folder, tmp_path, submitted.append, notifier=CallbackNotifier(lambda level, text: None))
    files.save(folder / "closed.txt", "end")
    monkeypatch.setattr(os, "stat", stat)
    files.finish()
    assert [record.name for record in submitted if isinstance(record, records.File)] == ["good.txt"]


def test_a_disk_that_reports_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal does not take its file for deleted, nor anew."""
    real = os.fstat
    monkeypatch.setattr(
        "wandb_compat.system.file_access.os.fstat",
        lambda number: os.stat_result((*real(number)[:3], 0, *real(number)[4:])),
    )
    writer = Journal(tmp_path, "abc", role="rows", segment_size=1000, limit=10_000)
    for step in range(3):
        writer.append([b"row %d" % step])
    writer.close()
    assert not writer.restored and len(journal.files(tmp_path)) == 1


def test_a_disk_without_permissions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded server starts on exFAT and CIFS, which refuse chmod."""

    def chmod(self: Path, mode: int) -> None:
        raise PermissionError(errno.EPERM, "no permissions here")

    monkeypatch.setattr(Path, "chmod", chmod)
    Store(tmp_path / "data").close()


def test_a_disk_without_file_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite cannot work there: the server says so, and does not call the data damaged."""

    def connect(*args: object, **kwargs: object) -> None:
        raise database.sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(database.sqlite3, "connect", connect)
    with pytest.raises(DataFolderError, match="may lack file locks"):
        Store(tmp_path / "data")


def test_doctor_looks_at_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the directory of runs, what its disk lacks, and what to do when nothing can be written there."""
    folder = tmp_path / "new" / "wandb"
    assert doctor_checks._run_directories(folder) == ("ok", f"runs are kept in {folder}")

    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(errno.EACCES, "closed")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "hardlink_to", refuse)
        level, text = doctor_checks._run_directories(folder)
        assert (level, "a disk without hard links:" in text) == ("note", True)
    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    level, text = doctor_checks._run_directories(folder)
    assert (level, "(closed)" in text, "WANDB_DIR" in text) == ("note", True, True)
    assert list(tmp_path.iterdir()) == []


def test_saved_files_on_a_disk_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A saved file that could only be copied is sent again when its original has changed."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    monkeypatch.chdir(tmp_path)
    original, folder = tmp_path / "model.pt", tmp_path / "run" / "files"
    folder.mkdir(parents=True)
    original.write_text("first")
    submitted: list[records.Record] = []
    files = LinkedFiles(folder, tmp_path / "run", submitted.append)
    files.save_glob("model.pt", None, "end", True, True)
    original.write_text("second version")
    files.finish()
    sent = [record for record in submitted if isinstance(record, records.File)]
    assert [(tmp_path / "run" / record.path).read_text() for record in sent] == ["second version"]
