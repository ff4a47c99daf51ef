"""Submits the files in a run's `files` folder: saved files at once or on change, all others when the run ends.

The list of saved and submitted files is in `journal/saved.json`, so that the uploader can finish the work of a run
whose process was killed.
"""

from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import time
from typing import Literal
from unicodedata import normalize

from wandb_compat.artifacts.file_version import FileVersion, is_unchanged, version_of
from wandb_compat.artifacts.paths import file_key, suffix_of
from wandb_compat.spool import records, safe_paths, staging, threads
from wandb_compat.spool.layout import DUAL_DIR
from wandb_compat.spool.notifier import Notifier
from wandb_compat.system.atomic_write import atomic_write
from wandb_compat.system.file_access import exists

STATE_FILE = "journal/saved.json"
POLL_INTERVAL = 2.0  # seconds between two checks whether live files changed
# Files that the run itself writes into the folder; the server has their content in other forms.
OWN_FILES = {
    "conda-environment.yaml",
    "config.yaml",
    "output.log",
    "requirements.txt",
    "wandb-metadata.json",
    "wandb-summary.json",
}
Policy = Literal["now", "live", "end"]


class SavedFiles:
    """The files of one run's folder, and which versions of them were submitted.

    Args:
        folder: `run.dir`.
        run_dir: the run directory.
        submit: accepts the records.
        ignored: patterns of paths in the folder that are never submitted.
        notifier: shows messages to the user.
    """

    def __init__(
        self,
        folder: Path,
        run_dir: Path,
        submit: Callable[[records.Record], None],
        ignored: Sequence[str] = (),
        *,
        notifier: Notifier,
    ) -> None:
        self.folder = folder
        self._run_dir = run_dir
        self._submit = submit
        self._root: Path | None = None  # which no file may be outside of
        self._ignored = ignored
        self._notifier = notifier
        self._policies: dict[Path, Policy] = {}
        self._submitted: dict[Path, FileVersion] = {}  # the content that was submitted last
        self._staged: dict[Path, Path] = {}
        # Original and its copied version, on disks without links.
        self._copied: dict[Path, tuple[Path, FileVersion]] = {}
        self._keys: set[str] = set()
        self._lock = threading.Lock()
        self._finished = threading.Event()
        self._poller: threading.Thread | None = None

    @classmethod
    def of_dead_run(
        cls, run_dir: Path, submit: Callable[[records.Record], None], *, notifier: Notifier, follow_links: bool
    ) -> SavedFiles:
        """Return the files of a run whose process is gone, with the state that it left.

        Args:
            run_dir: the run directory.
            submit: takes the records.
            notifier: reports what cannot be saved.
            follow_links: whether links out of the run directory are followed: `run.save` makes such links, but in a
                directory of unknown origin they could name any file.

        Raises:
            UnsafePath: the folder of the saved files is outside the run directory.
        """
        try:
            state = json.loads((run_dir / STATE_FILE).read_text("utf-8"))
        except (OSError, ValueError):  # nothing was saved
            state = {"folder": "files", "ignored": [], "policies": {}, "sent": {}}
        root = run_dir.parent if run_dir.name == DUAL_DIR else run_dir
        folder = safe_paths.inside(root, os.path.relpath(run_dir / state["folder"], root))
        files = cls(folder, run_dir, submit, state["ignored"], notifier=notifier)
        files._root = None if follow_links else root.resolve()
        files._policies = {files.folder / path: policy for path, policy in state["policies"].items()}
        files._submitted = {files.folder / path: FileVersion(*version) for path, version in state["sent"].items()}
        return files

    def _write_state(self) -> None:
        state = {
            "folder": os.path.relpath(self.folder, self._run_dir),
            "ignored": list(self._ignored),
            "policies": {str(file.relative_to(self.folder)): policy for file, policy in self._policies.items()},
            "sent": {str(file.relative_to(self.folder)): version for file, version in self._submitted.items()},
        }
        path = self._run_dir / STATE_FILE
        with contextlib.suppress(OSError):  # a full disk
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(path, json.dumps(state))

    def save(self, target: Path, policy: Policy = "now") -> None:
        """Submit a file of the folder, or all files of a subfolder.

        Args:
            target: path in the folder.
            policy: `now` submits a copy at once, `live` also after each change, `end` when the run finishes.
        """
        if target.is_dir():
            self._notifier.info(f"{target.name} is a folder; the files in it are saved.")
        with self._lock:
            for file in _files_at(target):
                self._policies[file] = policy
                if policy != "end":
                    self._submit_changed(file)
            self._write_state()
        if policy == "live" and self._poller is None and not self._finished.is_set():
            self._poller = threads.start("files", self._poll, self._poller_failed)
            if self._poller is None:
                self._poller_failed(RuntimeError("the operating system refused a new thread"))

    def _poller_failed(self, error: Exception) -> None:
        self._notifier.warning(f"changes of saved files are uploaded only when the run ends: {error}")

    def _poll(self) -> None:
        while not self._finished.wait(POLL_INTERVAL):
            with self._lock:
                before = dict(self._submitted)
                for file, policy in self._policies.items():
                    # While an upload of the file is pending, do not submit another version.
                    if policy == "live" and not (file in self._staged and exists(self._staged[file])):
                        self._submit_changed(file, quiet=True)
                if self._submitted != before:
                    self._write_state()

    def note_copy(self, original: Path, file: Path) -> None:
        """Follow changes of the original of a file that could only be copied into the folder."""
        with self._lock, contextlib.suppress(OSError):
            self._copied[file] = original, version_of(original)

    def finish(self) -> None:
        """Submit every file that changed since it was submitted or was never submitted."""
        self._finished.set()
        with self._lock:
            for file, policy in self._policies.items():
                if policy == "end" and not exists(file):
                    self._notifier.warning(f"{file.name} was to be uploaded when the run ends, and is gone")
            for found in _files_at(self.folder) if self.folder.is_dir() else ():  # dual mode may have no folder
                file = self._as_saved(found)
                path = file.relative_to(self.folder).as_posix()
                if path not in OWN_FILES and self._policies.get(file) != "now":
                    self._submit_changed(file)
            if self._policies or self._submitted:
                self._write_state()

    def _as_saved(self, file: Path) -> Path:
        """Return a listed file under the name that it was saved with: some disks list names decomposed."""
        if file in self._policies or str(file).isascii():
            return file
        name = normalize("NFC", str(file))
        saved = (other for other in self._policies if normalize("NFC", str(other)) == name)
        return next((other for other in saved if exists(other) and other.samefile(file)), file)

    def _submit_changed(self, file: Path, quiet: bool = False) -> None:
        """Submit a file unless its current version was submitted already."""
        path = file.relative_to(self.folder).as_posix()
        if any(fnmatch.fnmatch(path, pattern) for pattern in self._ignored):
            return
        self._refresh_copy(file)
        try:
            if self._root is not None and not file.resolve().is_relative_to(self._root):
                self._notifier.warning(f"{file} is a link out of the run directory and is not uploaded")
                return
            known = self._submitted.get(file)
            if known is not None and is_unchanged(file, known):
                if known.checksum is not None:  # a change from now on shows in the time, at the latest soon
                    self._submitted[file] = version_of(file)
                return
            version = version_of(file)
            staged = staging.stage(self._run_dir, file)
        except OSError as error:
            if not quiet:
                self._notifier.warning(f"{file} cannot be saved: {error.strerror or error}")
            return
        self._submitted[file] = version
        self._staged[file] = self._run_dir / staged
        key, name = file_key("save", path)
        if key not in self._keys:
            self._keys.add(key)
            self._submit(records.Key(key, "ARTIFACT"))
        caption = path if key != f"save/{path}" else None
        self._submit(records.File(int(time() * 1000), 0, key, name, suffix_of(name)[1:], staged, caption=caption))

    def _refresh_copy(self, file: Path) -> None:
        """Copy a file again whose original changed; a link would have shown the change."""
        if file in self._copied:
            original, copied = self._copied[file]
            with contextlib.suppress(OSError):  # the original is gone: its last copy stays
                if not is_unchanged(original, copied):
                    version = version_of(original)
                    shutil.copyfile(original, file)
                    self._copied[file] = original, version


def _files_at(path: Path) -> Iterator[Path]:
    """Yield a file, or all files of a folder, symbolic links followed."""
    if path.is_dir():
        yield from (file for file in staging.walk_files(path) if exists(file))
    else:
        yield path
