"""A file that was handed over is kept until it has arrived, whatever its owner does."""

from pathlib import Path

import pytest

from wandb_compat.spool import staging


def test_a_small_file_is_copied(tmp_path: Path) -> None:
    """What the owner writes later does not change what was taken."""
    source = tmp_path / "a.txt"
    source.write_text("then")
    kept = tmp_path / "home" / staging.stage(tmp_path / "home", source)
    source.write_text("now")
    assert kept.read_text() == "then" and not staging.was_overwritten(kept)


def test_a_large_file_is_linked_and_a_change_is_noticed(tmp_path: Path) -> None:
    """A link costs no copy and survives deletion; an overwritten content is detected."""
    source = tmp_path / "big.bin"
    source.write_bytes(b"x" * 1000)
    kept = tmp_path / "home" / staging.stage(tmp_path / "home", source, link_from=1000)
    assert kept.samefile(source) and kept.suffix == ".bin" and not staging.was_overwritten(kept)
    source.write_bytes(b"y" * 1001)
    assert staging.was_overwritten(kept)
    source.unlink()
    assert kept.read_bytes() == b"y" * 1001


def test_without_links_a_large_file_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that has no links costs the copy and nothing else."""

    def refuse(self: Path, target: Path) -> None:
        raise OSError(95, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    source = tmp_path / "big.bin"
    source.write_bytes(b"x" * 1000)
    kept = tmp_path / "home" / staging.stage(tmp_path / "home", source, link_from=1)
    source.unlink()
    assert kept.read_bytes() == b"x" * 1000


def test_a_link_is_followed_to_its_file(tmp_path: Path) -> None:
    """Of a symbolic link the file is kept, not the link."""
    (tmp_path / "real").write_text("content")
    (tmp_path / "link").symlink_to("real")
    for link_from in (0, 1000):
        kept = tmp_path / "home" / staging.stage(tmp_path / "home", tmp_path / "link", link_from=link_from)
        assert not kept.is_symlink() and kept.read_text() == "content"


def test_what_is_no_file_is_refused_by_name(tmp_path: Path) -> None:
    """A folder and a missing file raise OSError that names them."""
    with pytest.raises(IsADirectoryError, match=str(tmp_path)):
        staging.stage(tmp_path / "home", tmp_path)
    with pytest.raises(FileNotFoundError, match="nothing"):
        staging.stage(tmp_path / "home", tmp_path / "nothing")
