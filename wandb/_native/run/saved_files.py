"""`run.save`: links files into `run.dir`, from where they are sent."""

from __future__ import annotations

import contextlib
import glob as globs
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath

from wandb._native.run.terminal import terminal_notifier
from wandb.errors.term import termwarn
from wandb_compat.artifacts.saved_files import OWN_FILES, SavedFiles
from wandb_compat.spool import records

POLICIES = ("live", "end", "now")


class LinkedFiles(SavedFiles):
    """The files of one run's folder."""

    def __init__(
        self, folder: Path, home: Path, submit: Callable[[records.Record], None], ignored: Sequence[str] = ()
    ) -> None:
        """Prepare an empty list; arguments as those of `SavedFiles`."""
        super().__init__(folder, home, submit, ignored, notifier=terminal_notifier())

    def save_glob(
        self, pattern: str, base: str | os.PathLike[str] | None, policy: str, expand: bool, link: bool
    ) -> list[str]:
        """Link files into the folder and send them as the policy says.

        Args:
            pattern: path or glob, relative to the working folder.
            base: the part of the path that is left out in the folder.
            policy: `now`, `live` or `end`.
            expand: whether `*`, `?` and `[` mean what they do in a glob.
            link: whether symbolic links may be made.

        Returns:
            The paths in the folder.

        Raises:
            ValueError: the policy does not exist, or the pattern is not below `base`.
        """
        given = PurePath(pattern)
        depth: int | None = None
        if base is None and given.is_absolute():
            termwarn(
                "Saving files without folders. If you want to preserve subdirectories pass base_path to wandb.save, "
                'i.e. wandb.save("/mnt/folder/file.h5", base_path="/mnt")',
                repeat=False,
            )
            base = PurePath(os.path.abspath(given)).parent.parent  # noqa: PTH100
            depth = 2  # the file and its folder, whatever a wildcard further up matches
        if policy not in POLICIES:
            raise ValueError('Only "live", "end" and "now" policies are currently supported.')
        whole, root = PurePath(os.path.abspath(given)), PurePath(os.path.abspath(base or "."))  # noqa: PTH100
        _check(whole, root)
        inside = whole.relative_to(root)
        if expand:
            sources = [Path(os.path.abspath(found)) for found in sorted(globs.glob(str(whole)))]  # noqa: PTH100, PTH207
            if not sources and os.path.lexists(whole):
                termwarn(f"No file matches {str(inside)!r}, but one has that very name: call save() with glob=False.")
        else:
            sources = [Path(whole)] if os.path.lexists(whole) else []
        there = self.folder.glob(str(inside)) if expand else ()
        targets = {file for file in there if file.name not in OWN_FILES}
        for source in sources:
            inside = PurePath(*source.parts[-depth:]) if depth else source.relative_to(root)
            target = self.folder / inside
            targets.add(target)
            try:
                if not _link(source, target, link) and source.is_file():
                    self.note_copy(source, target)
            except OSError as error:
                termwarn(f"{source} cannot be saved: {error.strerror or error}")
                targets.discard(target)
        for target in sorted(targets):
            self.save(target, policy)  # type: ignore[arg-type]
        return [str(target) for target in sorted(targets)]


def _check(whole: PurePath, root: PurePath) -> None:
    if not str(whole).startswith(str(root)):
        raise ValueError("Glob may not walk above the base path")
    if whole == root:
        raise ValueError("Glob cannot be the same as the base path")
    if whole.relative_to(root).parts[:1] == ("*",):
        raise ValueError("Glob may not start with '*' relative to the base path")


def _link(source: Path, target: Path, symbolic: bool) -> bool:
    """Make a file appear in the folder too: as a link where that is possible, else as a copy; return whether linked."""
    with contextlib.suppress(OSError):
        if target.exists() and source.samefile(target):
            return True
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink() or target.is_file():
        target.unlink()
    if symbolic:
        with contextlib.suppress(OSError):
            target.symlink_to(source, target_is_directory=source.is_dir())
            return True
    with contextlib.suppress(OSError):
        target.hardlink_to(source)
        return True
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)
    return False


def write_requirements(path: Path) -> None:
    """Write the installed packages, as pip would list them but with names as their folders spell them.

    From the names of the folders alone: reading the metadata of an environment takes as long as ten thousand rows.
    """
    lines = set()
    for entry in sys.path:
        with contextlib.suppress(OSError):
            for name in os.listdir(entry or "."):  # noqa: PTH208 - of names alone, as fast as can be
                package, _, version = name.removesuffix(".dist-info").partition("-")
                if name.endswith(".dist-info") and version:
                    lines.add(f"{package.replace('_', '-')}=={version}")
    with contextlib.suppress(OSError):
        path.write_text("\n".join(sorted(lines, key=str.lower)) + "\n", encoding="utf-8")
