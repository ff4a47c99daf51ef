"""The files in a run's folder `files`, on their way to the server: those that were saved, and at the end all others.

What has been saved and sent is noted in `journal/saved.json`, so that the uploader can do what is to be done at the end
of a run whose process was killed.
"""

from __future__ import annotations

import contextlib
import fnmatch
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import time
from typing import Literal

from wandb_compat.artifacts.versions import place, suffix_of
from wandb_compat.spool import records, staging, threads
from wandb_compat.spool.atomic_write import atomic_write
from wandb_compat.spool.notifier import Notifier

NOTES = "journal/saved.json"
LOOK = 2.0  # seconds between two looks whether live files have changed
# What the run itself writes into the folder; the server has it in other forms.
OWN = {
    "conda-environment.yaml",
    "config.yaml",
    "output.log",
    "requirements.txt",
    "wandb-metadata.json",
    "wandb-summary.json",
}
Policy = Literal["now", "live", "end"]
Mark = tuple[int, int]  # size and time of change of what was sent last


class FolderFiles:
    """The files of one run's folder, and which of them the server already has."""

    def __init__(
        self,
        folder: Path,
        home: Path,
        submit: Callable[[records.Record], None],
        ignored: Sequence[str] = (),
        *,
        notifier: Notifier,
    ) -> None:
        """Prepare an empty list.

        Args:
            folder: `run.dir`.
            home: the run folder.
            submit: takes the records.
            ignored: patterns of paths in the folder that are not sent.
            notifier: reports what cannot be saved.
        """
        self.folder = folder
        self._home = home
        self._submit = submit
        self._ignored = ignored
        self._notifier = notifier
        self._policies: dict[Path, Policy] = {}
        self._sent: dict[Path, Mark] = {}
        self._staged: dict[Path, Path] = {}
        self._keys: set[str] = set()
        self._working = threading.Lock()
        self._over = threading.Event()
        self._watch: threading.Thread | None = None

    @classmethod
    def left(cls, home: Path, submit: Callable[[records.Record], None], *, notifier: Notifier) -> FolderFiles:
        """Return the files of a run whose process is gone, as it has left them."""
        try:
            noted = json.loads((home / NOTES).read_text("utf-8"))
        except (OSError, ValueError):  # nothing was saved
            noted = {"folder": "files", "ignored": [], "policies": {}, "sent": {}}
        found = cls(home / noted["folder"], home, submit, noted["ignored"], notifier=notifier)
        found._policies = {found.folder / inside: policy for inside, policy in noted["policies"].items()}
        found._sent = {found.folder / inside: (size, time) for inside, (size, time) in noted["sent"].items()}
        return found

    def _note(self) -> None:
        noted = {
            "folder": os.path.relpath(self.folder, self._home),
            "ignored": list(self._ignored),
            "policies": {str(file.relative_to(self.folder)): policy for file, policy in self._policies.items()},
            "sent": {str(file.relative_to(self.folder)): mark for file, mark in self._sent.items()},
        }
        place = self._home / NOTES
        with contextlib.suppress(OSError):  # a full disk
            place.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(place, json.dumps(noted))

    def keep(self, file: Path) -> None:
        """Send a file of the folder once, as it is now."""
        self.take(file, "now")

    def take(self, target: Path, policy: Policy) -> None:
        """Send a file of the folder, or the files of a folder in it.

        Args:
            target: where it lies in the folder.
            policy: `now` sends a copy at once, `live` also when the file has changed, `end` when the run finishes.
        """
        if target.is_dir():
            self._notifier.info(f"{target.name} is a folder; the files in it are saved.")
        with self._working:
            for file in _files_at(target):
                self._policies[file] = policy
                if policy != "end":
                    self._send(file)
            self._note()
        if policy == "live" and self._watch is None and not self._over.is_set():
            self._watch = threads.start("files", self._look, self._failed)
            if self._watch is None:
                self._failed(RuntimeError("the machine grants no thread"))

    def _failed(self, error: Exception) -> None:
        self._notifier.warning(f"changes of saved files are sent at the end of the run only: {error}")

    def _look(self) -> None:
        while not self._over.wait(LOOK):
            with self._working:
                before = dict(self._sent)
                for file, policy in self._policies.items():
                    # What waits for a slow line is not sent again before it has arrived.
                    if policy == "live" and not (file in self._staged and self._staged[file].exists()):
                        self._send(file, quiet=True)
                if self._sent != before:
                    self._note()

    def finish(self) -> None:
        """Send what has changed since it was sent, and what was never sent."""
        self._over.set()
        with self._working:
            for file, policy in self._policies.items():
                if policy == "end" and not file.exists():
                    self._notifier.warning(f"{file.name} was to be sent at the end of the run, and is gone")
            for file in _files_at(self.folder) if self.folder.is_dir() else ():  # a mirror may have none
                inside = file.relative_to(self.folder).as_posix()
                if inside not in OWN and self._policies.get(file) != "now":
                    self._send(file)
            if self._policies or self._sent:
                self._note()

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
            staged = staging.stage(self._home, file)
        except OSError as error:
            if not quiet:
                self._notifier.warning(f"{file} cannot be saved: {error.strerror or error}")
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


def _files_at(path: Path) -> Iterator[Path]:
    """Yield a file, or those of a folder, through links as well."""
    if path.is_dir():
        yield from (file for file in staging.walk_files(path) if file.exists())
    else:
        yield path
