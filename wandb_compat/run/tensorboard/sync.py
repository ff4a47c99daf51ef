"""Follows the event files of a run's writers in a thread, and logs a row for each step in them."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wandb_compat.config.limits import EVENT_FILE_POLL, NAMESPACE_GRACE
from wandb_compat.run.tensorboard.event_files import EventFile, event_files
from wandb_compat.spool.notifier import Notifier

if TYPE_CHECKING:
    from wandb_compat.run.tensorboard.summaries import Summaries


LogTexts = Callable[[dict[str, str]], Any]


class Stream:
    """One event file: the values of a step are one row, which is complete when the next step begins.

    As in wandb, every event of another step ends a row, and the last event of a step gives the row its time.
    """

    def __init__(self, path: Path, namespace: str, summaries: Summaries, log_texts: LogTexts | None = None) -> None:
        """Read nothing yet.

        Args:
            path: the file.
            namespace: comes before each key, with a slash.
            summaries: reads the values.
            log_texts: takes texts, which are no part of rows. By default they stay in the file.
        """
        self._file = EventFile(path)
        self._summaries = summaries
        self._log_texts = log_texts
        self._namespace = namespace
        self._row: dict[str, Any] = {}
        self._texts: list[dict[str, str]] = []
        self._step = 0

    def rows(self, last: bool) -> Iterator[dict[str, Any]]:
        """Yield the rows that are complete; with `last` also the one that is not."""
        for event in self._file.events():
            if event.step != self._step:
                yield from self._complete()
            self._step = event.step
            if self._log_texts is not None and (texts := self._summaries.texts(event.summary, self._namespace)):
                self._texts.append(texts)
            values = self._summaries.values(event.summary, self._namespace)
            if values or self._row:
                self._row.update(values, global_step=event.step, _timestamp=event.wall_time)
        if last:
            yield from self._complete()

    def _complete(self) -> Iterator[dict[str, Any]]:
        """Yield the row of a step if it has one; then log the step's texts beside it."""
        if self._row:
            yield self._row
            self._row = {}
        for texts in self._texts:
            assert self._log_texts is not None
            self._log_texts(texts)
        self._texts.clear()


class Folder:
    """One log folder."""

    def __init__(self, path: Path, save: bool, root: Path | None) -> None:
        self.path, self.save, self.root = path, save, root
        self.streams: dict[Path, Stream] = {}


class TensorBoardSync:
    """All log folders of one run."""

    def __init__(
        self,
        since: float,
        log: Callable[[dict[str, Any]], Any],
        notifier: Notifier,
        keep: Callable[[Path, Path], Any] = lambda file, folder: None,
        *,
        log_texts: LogTexts | None = None,
    ) -> None:
        """Follow nothing yet.

        Args:
            since: time from which on files are the run's, in seconds since the epoch.
            log: takes a row.
            notifier: warns of what cannot be read.
            keep: takes a file that is to be kept with the run, and the folder whose part of the path is not kept.
            log_texts: takes texts, which wandb leaves in the file.
        """
        self._since, self._log, self._notifier, self._keep = since, log, notifier, keep
        self._log_texts = log_texts
        self._summaries: Summaries | None = None  # once there is something to read: it is expensive
        self._pid = os.getpid()
        self._folders: dict[Path, Folder] = {}
        # Once known, of folders that were added without a root: what keys and saved files are relative to.
        self._root: Path | None = None
        self._base: Path | None = None
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._waited = 0.0
        self._thread = threading.Thread(target=self._follow, name="wandb-compat-tensorboard", daemon=True)

    def add(self, logdir: str, save: bool, root: str) -> None:
        """Follow a log folder from now on.

        Args:
            logdir: the folder; there is time until the first event to make it.
            save: keep its files with the run.
            root: the folder whose part of the path is not a part of the keys; empty: find out.
        """
        if os.getpid() != self._pid or self._done.is_set():
            return
        path = Path(os.path.abspath(logdir))  # noqa: PTH100 # without following links
        with self._lock:
            if path in self._folders:
                return
            given = Path(os.path.abspath(root)) if root else None  # noqa: PTH100
            self._folders[path] = Folder(path, save, given)
            if not self._thread.is_alive():
                with suppress(RuntimeError):  # no thread available: everything is read at the end
                    self._thread.start()

    def finish(self, flush: Callable[[], Any] | None = None) -> None:
        """Log what is left, and follow no more.

        Args:
            flush: brings to disk what writers still hold back.
        """
        if os.getpid() != self._pid or self._done.is_set():
            return
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()
        if flush is not None:
            flush()
        self._look(last=True)

    def _follow(self) -> None:
        while not self._done.wait(EVENT_FILE_POLL):
            self._waited += EVENT_FILE_POLL
            self._look(last=False)

    def _look(self, last: bool) -> None:
        """Log what has come since the last look; trouble is reported and never raised into the script."""
        with self._lock:
            folders = list(self._folders.values())
        try:
            if not self._settled(folders, last):
                return
            for folder in folders:
                self._find(folder)
                for stream in folder.streams.values():
                    for row in stream.rows(last):
                        self._log(row)
        except Exception as error:
            self._notifier.warning(
                f"TensorBoard's files could not be read in full: {type(error).__name__}: {error}", once="tensorboard"
            )

    def _settled(self, folders: list[Folder], last: bool) -> bool:
        """Whether it is known what comes before the keys."""
        loose = [str(folder.path) for folder in folders if folder.root is None]
        if self._root is None and loose:
            if len(loose) == 1 and not last and self._waited < NAMESPACE_GRACE:
                return False
            self._root = self._base = Path(os.path.commonpath(loose))
            with suppress(OSError):  # the working directory is gone
                if len(loose) == 1 and self._root.is_relative_to(working := Path.cwd()):
                    self._base = working  # one folder alone does not tell which of its parents matter
        return True

    def _find(self, folder: Folder) -> None:
        root = folder.root or self._root
        for file in event_files(folder.path, self._since):
            if file in folder.streams:
                continue
            inside = root is not None and folder.path.is_relative_to(root)
            namespace = folder.path.relative_to(root).as_posix() if root is not None and inside else ""
            folder.streams[file] = Stream(file, "" if namespace == "." else namespace, self._reader(), self._log_texts)
            if folder.save:
                base = self._base if folder.root is None else root
                self._keep(file, base if base is not None and file.is_relative_to(base) else folder.path)

    def _reader(self) -> Summaries:
        if self._summaries is None:
            from wandb_compat.run.tensorboard.summaries import Summaries

            self._summaries = Summaries(sys.modules["wandb"], self._notifier, shortest=True, texts=False)
        return self._summaries
