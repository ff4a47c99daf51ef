"""Uploads files: announces them to the server, sends each to the URL that it gives, and then releases them."""

from __future__ import annotations

import json
import logging
import mimetypes
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextvars import copy_context
from pathlib import Path
from typing import Any

from wandb_compat.spool import os_errors, records, safe_paths, staging
from wandb_compat.spool.records import File
from wandb_compat.uploader import finish_media, image_boxes
from wandb_compat.uploader.announcements import Announcements
from wandb_compat.uploader.session import Session
from wandb_compat.wire.client import Client
from wandb_compat.wire.errors import TOO_LARGE, Refused, Unavailable, UploadRejected

log = logging.getLogger(__name__)

PRESIGN_LIMIT = 10  # files that a server lets announce at once
PRESIGN_BODY = 1_900_000  # bytes of the request for that; a server takes 2 MiB…
SMALLEST_BODY = 4096  # …and a proxy before it may take less: halved down to this
BODY_FRAME = 64  # bytes of such a request besides its entries
SENDERS = 8  # connections on which files are sent at once
GONE = "the file is gone, cannot be read, or is outside the run directory"

_Entry = tuple[File, dict[str, Any]]  # a file and its announcement


class _Tasks:
    """What the senders of one call have to do: announce batches, and upload what was announced."""

    def __init__(self, batches: Iterable[list[File]]) -> None:
        self._batches = deque(batches)
        self._announced: deque[File] = deque()
        self._announcing = 0
        self._stopped = False
        self._changed = threading.Condition()
        self.errors: list[Exception] = []

    def next(self) -> File | list[File] | None:
        """Return a file to upload, or files to announce, or None when there is nothing left to do."""
        with self._changed:
            while not self._stopped:
                if self._announced:
                    return self._announced.popleft()
                if self._batches:
                    self._announcing += 1
                    return self._batches.popleft()
                if not self._announcing:
                    break
                self._changed.wait()
            return None

    def announced(self, files: list[File]) -> None:
        """Add files that were announced; none of a batch for which that failed."""
        with self._changed:
            self._announcing -= 1
            self._announced += files
            self._changed.notify_all()

    def failed(self, error: Exception) -> None:
        """Note an error; but for one that concerns a single file, nothing more is begun."""
        with self._changed:
            self.errors.append(error)
            self._stopped |= not isinstance(error, UploadRejected)
            self._changed.notify_all()


class Uploads:
    """Sends the files of one run, several at once; called by one thread only."""

    def __init__(
        self,
        run_dir: Path,
        session: Session,
        keep: Path | None = None,
        note_loss: Callable[[File, str], None] = lambda file, reason: None,
    ) -> None:
        """Prepare.

        Args:
            run_dir: the run directory.
            session: the run on the server.
            keep: file that keeps the URLs of announced files for a restarted uploader.
            note_loss: called with a file, from any thread, of which something is left out, and a text that says what.
        """
        self._run_dir = run_dir
        self._session = session
        self._note_loss = note_loss
        self._clients = [session.new_client()]  # one a sender; more are made when there is work for them
        self._uploaded: set[str] = set()  # paths of files that are tried again together with others
        self._refused: dict[str, str] = {}  # the same of those that the store never takes, with the reason
        self._announcements = Announcements(keep)
        self._accepted = 0  # files that the store has taken
        self._body_limit = PRESIGN_BODY

    def send(self, lines: list[bytes]) -> list[tuple[int, str]]:
        """Upload the files that records name; return (index, reason) of those that cannot be sent.

        Raises:
            WireError: not all of them were taken this time.
        """
        return list(self.upload([records.parse(File, line) for line in lines]).items())

    def upload(
        self, files: list[File], on_uploaded: Callable[[File], None] = lambda file: None, *, again: bool = False
    ) -> dict[int, str]:
        """Upload any number of files; return the reasons by the indexes of those that can never be uploaded.

        Args:
            files: what to upload.
            on_uploaded: called with each file that was uploaded, from any thread.
            again: whether the server has lost that the files were announced.

        Raises:
            WireError: not all of them were taken this time.
        """
        self._announcements.open(self._session.run)
        if again:
            self._announcements.forget([(file.key, file.name) for file in files])
        readable, unavailable = list[bool](), None
        for file in files:
            try:
                readable.append(file.path in self._uploaded or self._prepare(file))
            except Unavailable as error:  # the others need not wait for what is missing here
                readable.append(False)
                unavailable = error
        # Of several files with one key and name the server keeps one: it must be the last.
        last = {(file.key, file.name): index for index, file in enumerate(files) if readable[index]}
        done = self._uploaded | self._refused.keys()
        wanted = [files[index] for index in sorted(last.values()) if files[index].path not in done]
        self._upload_all(wanted, on_uploaded)
        if unavailable is not None:
            raise unavailable
        lost = {index: GONE for index, here in enumerate(readable) if not here}
        lost |= {index: self._refused[file.path] for index, file in enumerate(files) if file.path in self._refused}
        self._uploaded.clear()
        self._refused.clear()
        return lost

    def _upload_all(self, files: list[File], on_uploaded: Callable[[File], None]) -> None:
        tasks = _Tasks(_batches(files))

        def work(client: Client) -> None:
            while (task := tasks.next()) is not None:
                announced: list[File] = []
                try:
                    with os_errors.retryable():
                        if isinstance(task, list):
                            self._announce(client, task)
                            announced = task
                        else:
                            self._upload_one(client, task, on_uploaded)
                except Exception as error:
                    tasks.failed(error)
                finally:
                    if isinstance(task, list):
                        tasks.announced(announced)

        count = min(SENDERS, len(files))
        while len(self._clients) < count:
            self._clients.append(self._session.new_client())
        # No pool: its threads would be waited for when the uploader ends.
        senders = [
            threading.Thread(target=copy_context().run, args=(work, client), name="sender", daemon=True)
            for client in self._clients[1:count]
        ]
        for sender in senders:
            sender.start()
        work(self._clients[0])
        for sender in senders:
            sender.join()
        if tasks.errors:
            raise next((one for one in tasks.errors if not isinstance(one, UploadRejected)), tasks.errors[0])

    def _announce(self, client: Client, files: list[File]) -> None:
        """Ask for the URLs of those files that have none."""
        new = [file for file in files if self._announcements.url((file.key, file.name)) is None]
        for batch in _within([(file, self._entry(file)) for file in new], self._body_limit):
            entries = [entry for _, entry in batch]
            try:
                urls = client.presign(self._session.headers, entries)
            except Refused as error:
                # A server, or a proxy before it, takes no body of this size: only a single small one is at fault.
                if error.status != TOO_LARGE or self._body_limit <= SMALLEST_BODY:
                    raise
                self._body_limit = max(SMALLEST_BODY, min(self._body_limit, len(json.dumps(entries))) // 2)
                self._announce(client, [file for file, _ in batch])
                continue
            for file, _ in batch:
                if file.name not in urls:
                    raise Unavailable(f"the Pluto server gives no upload URL for {file.name!r}")
                self._announcements.add((file.key, file.name), urls[file.name])

    def _upload_one(self, client: Client, file: File, on_uploaded: Callable[[File], None]) -> None:
        url = self._announcements.url((file.key, file.name))
        if url is None:
            raise UploadRejected(f"the upload URL of {file.key!r} has expired; a new one is asked for")
        path = safe_paths.inside(self._run_dir, file.path)
        if staging.was_overwritten(path):
            log.warning("%s was overwritten after it was logged; its present content is sent", file.key)
        kind = "mask" if file.type == "mask" else mimetypes.guess_type(path)[0] or "application/octet-stream"
        try:
            with path.open("rb") as content:
                client.upload(url, content, kind)
        except UploadRejected as error:
            if not self._announcements.refuse((file.key, file.name)) or not self._accepted:
                raise
            self._refused[file.path] = f"file {file.key!r} at step {file.step}: {error}"
        except Refused as error:
            self._refused[file.path] = f"file {file.key!r} at step {file.step}: {error}"
        else:
            self._accepted += 1
            self._uploaded.add(file.path)
            on_uploaded(file)

    def _prepare(self, file: File) -> bool:
        try:
            path = safe_paths.inside(self._run_dir, file.path)
        except safe_paths.UnsafePath as error:
            log.error("not uploaded: %s", error)
            return False
        return _compress(path)

    def forget(self, files: Iterable[File]) -> None:
        """Drop the URLs of files that are done with; only once that is noted."""
        self._announcements.forget([(file.key, file.name) for file in files])

    def release(self, lines: list[bytes]) -> None:
        """Delete uploaded files; only once that is noted, or a restarted uploader would miss them."""
        for line in lines:
            staging.release(self._run_dir, records.parse(File, line).path)

    def _entry(self, file: File) -> dict[str, Any]:
        entry = {
            "fileName": file.name,
            "fileSize": safe_paths.inside(self._run_dir, file.path).stat().st_size,
            "fileType": file.type,
            "time": file.time,
            "logName": file.key,
            "step": file.step,
            "sampleIndex": file.sample,
        }
        if file.caption is not None:
            entry["caption"] = file.caption
        if file.annotations is not None and (fitting := self._fitting(file, len(json.dumps(entry)))) is not None:
            entry["annotations"] = fitting
        return entry

    def _fitting(self, file: File, others: int) -> str | None:
        """Return those annotations of a file that its announcement has room for, besides `others` bytes."""
        assert file.annotations is not None
        room = self._body_limit - others - BODY_FRAME
        if image_boxes.size_of(file.annotations) <= room:
            return file.annotations
        fitting, lost = image_boxes.fit(file.annotations, room)
        if lost:
            self._note_loss(
                file, f"image {file.key!r} at step {file.step} arrives without {lost}: over the server's limit"
            )
        return fitting


def _compress(path: Path) -> bool:
    """Compress a staged file if it needs that; return whether it can be sent."""
    try:
        with os_errors.retryable():
            finish_media.develop(path)
            with path.open("rb"):
                return True
    except Unavailable:
        raise
    except ImportError as error:
        raise Unavailable(f"a video cannot be encoded here: {error}; install wandb-compat[media] and numpy") from error
    except Exception as error:  # the file is gone, or ffmpeg rejects its frames: the others are still sent
        log.error("%s: %s: %s", path, type(error).__name__, error)
        return False


def _batches(files: list[File]) -> Iterator[list[File]]:
    """Yield files to announce together, few enough for the server.

    Two files with one name would get one URL: they are never announced together.
    """
    rounds: dict[int, list[File]] = {}
    seen: Counter[str] = Counter()
    for file in files:
        rounds.setdefault(seen[file.name], []).append(file)
        seen[file.name] += 1
    for one in rounds.values():
        yield from (one[start : start + PRESIGN_LIMIT] for start in range(0, len(one), PRESIGN_LIMIT))


def _within(entries: list[_Entry], limit: int) -> Iterator[list[_Entry]]:
    """Yield consecutive entries that make a request of `limit` bytes at most, or one that is larger."""
    batch: list[_Entry] = []
    weight = BODY_FRAME
    for file, entry in entries:
        size = len(json.dumps(entry)) + 2
        if batch and weight + size > limit:
            yield batch
            batch, weight = [], BODY_FRAME
        batch.append((file, entry))
        weight += size
    if batch:
        yield batch
