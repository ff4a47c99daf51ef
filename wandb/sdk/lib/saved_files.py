"""Files in `run.dir`, linked there by `save` or written there by the script, on their way to the server."""

from __future__ import annotations

import contextlib
import fnmatch
import glob as globs
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePath
from time import time
from typing import Literal

from wandb.errors.term import termlog, termwarn
from wandb_compat import records, staging
from wandb_compat.artifacts import place, suffix_of

LOOK = 2.0  # seconds between two looks whether live files have changed
POLICIES = ("live", "end", "now")
# What the run itself writes into the folder; the server has it in other forms.
OWN = {
    "conda-environment.yaml",
    "config.yaml",
    "diff.patch",
    "output.log",
    "requirements.txt",
    "wandb-metadata.json",
    "wandb-summary.json",
}
Policy = Literal["now", "live", "end"]
Mark = tuple[int, int]  # size and time of change of what was sent last


class SavedFiles:
    """The files of one run's folder, and which of them the server already has."""

    def __init__(
        self, folder: Path, home: Path, submit: Callable[[records.Record], None], ignored: Sequence[str] = ()
    ) -> None:
        """Prepare an empty list.

        Args:
            folder: `run.dir`.
            home: the run folder.
            submit: takes the records.
            ignored: patterns of paths in the folder that are not sent.
        """
        self.folder = folder
        self._home = home
        self._submit = submit
        self._ignored = ignored
        self._policies: dict[Path, Policy] = {}
        self._sent: dict[Path, Mark] = {}
        self._staged: dict[Path, Path] = {}
        self._keys: set[str] = set()
        self._working = threading.Lock()
        self._over = threading.Event()
        self._watch: threading.Thread | None = None

    def save(
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
        if base is None and given.is_absolute():
            termwarn(
                "Saving files without folders. If you want to preserve subdirectories pass base_path to wandb.save, "
                'i.e. wandb.save("/mnt/folder/file.h5", base_path="/mnt")',
                repeat=False,
            )
            base = PurePath(os.path.abspath(given)).parent.parent  # noqa: PTH100
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
        targets = {file for file in there if file.name not in OWN}
        for source in sources:
            target = self.folder / source.relative_to(root)
            targets.add(target)
            try:
                _link(source, target, link)
            except OSError as error:
                termwarn(f"{source} cannot be saved: {error.strerror or error}")
                targets.discard(target)
        for target in sorted(targets):
            self._take(target, policy)  # type: ignore[arg-type]
        return [str(target) for target in sorted(targets)]

    def keep(self, file: Path) -> None:
        """Send a file of the folder once, as it is now."""
        self._take(file, "now")

    def _take(self, target: Path, policy: Policy) -> None:
        if target.is_dir():
            termlog(f"{target.name} is a folder; the files in it are saved.")
        with self._working:
            for file in _files_at(target):
                self._policies[file] = policy
                if policy != "end":
                    self._send(file)
        if policy == "live" and self._watch is None and not self._over.is_set():
            self._watch = threading.Thread(target=self._look, name="wandb-compat-files", daemon=True)
            self._watch.start()

    def _look(self) -> None:
        while not self._over.wait(LOOK):
            with self._working:
                for file, policy in self._policies.items():
                    # What waits for a slow line is not sent again before it has arrived.
                    if policy == "live" and not (file in self._staged and self._staged[file].exists()):
                        self._send(file, quiet=True)

    def finish(self) -> None:
        """Send what has changed since it was sent, and what was never sent."""
        self._over.set()
        with self._working:
            for file, policy in self._policies.items():
                if policy == "end" and not file.exists():
                    termwarn(f"{file.name} was to be sent at the end of the run, and is gone")
            for file in _files_at(self.folder):
                inside = file.relative_to(self.folder).as_posix()
                if inside not in OWN and self._policies.get(file) != "now":
                    self._send(file)

    def _send(self, file: Path, quiet: bool = False) -> None:
        """Send a file unless it is as it was when sent last."""
        inside = file.relative_to(self.folder).as_posix()
        if any(fnmatch.fnmatch(inside, pattern) for pattern in self._ignored):
            return
        try:
            told = file.stat()
            mark = told.st_size, told.st_mtime_ns
            if self._sent.get(file) == mark:
                return
            staged = staging.take(self._home, file)
        except OSError as error:
            if not quiet:
                termwarn(f"{file} cannot be saved: {error.strerror or error}")
            return
        self._sent[file] = mark
        self._staged[file] = self._home / staged
        key, name = place("save", inside)
        if key not in self._keys:
            self._keys.add(key)
            self._submit(records.Key(key, "ARTIFACT"))
        whole = f"save/{inside}"
        caption = inside if key != whole else None
        self._submit(records.File(int(time() * 1000), 0, key, name, suffix_of(name)[1:], staged, caption=caption))


def _check(whole: PurePath, root: PurePath) -> None:
    if not str(whole).startswith(str(root)):
        raise ValueError("Glob may not walk above the base path")
    if whole == root:
        raise ValueError("Glob cannot be the same as the base path")
    if whole.relative_to(root).parts[:1] == ("*",):
        raise ValueError("Glob may not start with '*' relative to the base path")


def _link(source: Path, target: Path, symbolic: bool) -> None:
    """Make a file appear in the folder too: as a link where that is possible, else as a copy."""
    with contextlib.suppress(OSError):
        if target.exists() and source.samefile(target):
            return
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink() or target.is_file():
        target.unlink()
    if symbolic:
        with contextlib.suppress(OSError):
            target.symlink_to(source, target_is_directory=source.is_dir())
            return
    with contextlib.suppress(OSError):
        target.hardlink_to(source)
        return
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)


def _files_at(path: Path) -> Iterator[Path]:
    """Yield a file, or those of a folder, through links as well."""
    if path.is_dir():
        yield from (file for file in staging.below(path) if file.exists())
    else:
        yield path


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
