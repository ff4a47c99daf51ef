"""A run directory is untrusted input: nothing outside of it is read, uploaded, deleted or written."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wandb_compat.artifacts.paths import outcome_path
from wandb_compat.artifacts.saved_files import SavedFiles
from wandb_compat.spool import records, safe_paths, staging
from wandb_compat.spool.safe_paths import UnsafePath
from wandb_compat.spool.server_binding import ServerBinding, fingerprint
from wandb_compat.wire.endpoints import resolve

PARTS = st.sampled_from(["..", ".", "", "journal", "staged", "files", "link", "secret", "a", "~", "\0", "C:", "\\"])
PATHS = st.lists(PARTS, max_size=7).map("/".join)


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run directory beside a secret, with links to it."""
    root = tmp_path_factory.mktemp("root")
    (root / "secret").write_text("secret")
    run_dir = root / "run"
    (run_dir / "journal" / "staged").mkdir(parents=True)
    (run_dir / "files").mkdir()
    (run_dir / "link").symlink_to(root)
    (run_dir / "files" / "link").symlink_to(root / "secret")
    (run_dir / "a").symlink_to("a")  # a circle
    return run_dir


@given(PATHS, st.booleans())
def test_hostile_paths_stay_inside(run_dir: Path, name: str, absolute: bool) -> None:
    """Whatever a record names resolves inside the run directory, or is refused."""
    name = f"/{name}" if absolute else name
    try:
        path = safe_paths.inside(run_dir, name)
    except UnsafePath:
        pass
    else:
        assert path.resolve().is_relative_to(run_dir.resolve())
    staging.release(run_dir, name)
    staging.release(run_dir, f"journal/staged/{name}")
    assert (run_dir.parent / "secret").read_text() == "secret"
    assert (run_dir / "files" / "link").is_symlink() and (run_dir / "link").is_symlink()
    try:
        outcome = outcome_path(run_dir, name)
    except UnsafePath:
        pass
    else:
        assert outcome.parent == run_dir / "journal" / "outcomes"


def test_ordinary_paths_are_taken(run_dir: Path) -> None:
    """What this program writes itself is inside."""
    assert safe_paths.inside(run_dir, "journal/staged/x.png") == run_dir / "journal/staged/x.png"
    staged = run_dir / "journal" / "staged" / "x.png"
    staged.write_bytes(b"")
    staging.release(run_dir, "journal/staged/x.png")
    assert not staged.exists()


def test_staging_directory_that_is_a_link(tmp_path: Path) -> None:
    """Nothing is deleted through a staging directory that leads elsewhere."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "thesis.txt").write_text("years of work")
    (tmp_path / "run" / "journal").mkdir(parents=True)
    (tmp_path / "run" / "journal" / "staged").symlink_to(elsewhere)
    staging.release(tmp_path / "run", "journal/staged/thesis.txt")
    assert (elsewhere / "thesis.txt").exists()


class _Notes:
    def __init__(self) -> None:
        self.warnings: list[str] = []

    def info(self, text: str, *, once: str | None = None) -> None: ...

    def warning(self, text: str, *, once: str | None = None) -> None:
        self.warnings.append(text)

    def error(self, text: str, *, once: str | None = None) -> None: ...


@pytest.mark.parametrize("follow", [False, True])
def test_leftover_files(run_dir: Path, tmp_path: Path, follow: bool) -> None:
    """Files that a killed run left are sent; links out of a directory of unknown origin are named and not followed."""
    (run_dir / "files" / "own.txt").write_text("own")
    sent: list[records.Record] = []
    notes = _Notes()
    SavedFiles.of_dead_run(run_dir, sent.append, notifier=notes, follow_links=follow).finish()
    names = {one.key for one in sent if isinstance(one, records.File)}
    assert names == ({"save/own.txt", "save/link"} if follow else {"save/own.txt"})
    assert any("link" in text for text in notes.warnings) != follow
    (run_dir / "journal" / "saved.json").unlink(missing_ok=True)


@pytest.mark.parametrize("folder", ["..", "../..", "/etc", "files/../.."])
def test_a_folder_of_saved_files_elsewhere(run_dir: Path, folder: str) -> None:
    """`saved.json` cannot name a folder outside the run directory."""
    notes = {"folder": folder, "ignored": [], "policies": {}, "sent": {}}
    (run_dir / "journal" / "saved.json").write_text(json.dumps(notes))
    with pytest.raises(UnsafePath):
        SavedFiles.of_dead_run(run_dir, lambda record: None, notifier=_Notes(), follow_links=True)
    (run_dir / "journal" / "saved.json").unlink()


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no owners on this system")
def test_directories_of_others(tmp_path: Path) -> None:
    """A directory that everybody may write to is not private."""
    tmp_path.chmod(0o755)
    assert safe_paths.is_private(tmp_path)
    tmp_path.chmod(0o777)
    assert not safe_paths.is_private(tmp_path)
    tmp_path.chmod(0o755)


def test_binding(tmp_path: Path) -> None:
    """A run directory remembers its server, and of the key no more than a fingerprint."""
    here, there = resolve(["http://a:1"] * 4), resolve(["http://b:1"] * 4)
    assert ServerBinding.read(tmp_path) is None
    ServerBinding.of(here, None).write(tmp_path)
    intended = ServerBinding.read(tmp_path)
    assert intended is not None and not intended.created
    assert intended.difference(ServerBinding.of(here, "mlpi_any")) is None
    ServerBinding.of(here, "mlpi_secret", created=True).write(tmp_path)
    bound = ServerBinding.read(tmp_path)
    assert bound is not None and bound.created
    assert bound.difference(ServerBinding.of(here, "mlpi_secret")) is None
    assert "http://a:1" in (bound.difference(ServerBinding.of(there, "mlpi_secret")) or "")
    assert "another key" in (bound.difference(ServerBinding.of(here, "mlpi_other")) or "")
    assert "mlpi_secret" not in (tmp_path / "journal" / "server.json").read_text()
    assert fingerprint("mlpi_secret") in (tmp_path / "journal" / "server.json").read_text()
