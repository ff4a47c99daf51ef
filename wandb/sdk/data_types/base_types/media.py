"""The bases of values that are stored as files."""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from wandb.sdk.data_types.base_types.wb_value import WBValue
from wandb_compat.convert.deferred import DeferredFile

_folders: dict[int, str] = {}  # by process: of files that are requested before they are logged


def _temporary(suffix: str) -> Path:
    if (process := os.getpid()) not in _folders:
        _folders[process] = tempfile.mkdtemp(prefix="wandb-media-")
        atexit.register(_remove_folder, process)
    return Path(_folders[process], f"{uuid4().hex}{suffix}")


def _remove_folder(process: int) -> None:
    if process == os.getpid():  # and not a forked child, which inherits what is to be done at exit
        shutil.rmtree(_folders[process], ignore_errors=True)


class Media(WBValue):
    """A value that is stored as a file.

    The file is the user's own, at `_path`, or a draft: its content was taken when the value was made, and it is encoded
    by the run's own thread once the value has been logged, or here when the file is requested earlier.
    """

    _folder_name: ClassVar[str] = ""

    def __init__(self, caption: str | None = None) -> None:
        super().__init__()
        self._path: str | None = None
        self._deferred_file: DeferredFile | None = None
        self._run: Any = None
        self._caption = caption
        self._is_tmp: bool | None = None
        self._extension: str | None = None

    def _set_file(self, path: str, is_tmp: bool = False, extension: str | None = None) -> None:
        if extension is not None and not path.endswith(extension):
            raise AssertionError(f"Media file extension {extension!r} must occur at the end of path {path!r}.")
        with open(path, "rb"):  # noqa: PTH123 # an empty path is not a folder; raises now what would be raised when the value is logged
            pass
        self._path, self._is_tmp, self._extension = path, is_tmp, extension

    def _set_deferred_file(self, file: DeferredFile) -> None:
        self._deferred_file, self._is_tmp, self._extension = file, True, file.suffix

    def _file(self) -> Path:
        """Return the path of the file, written if it was not yet."""
        if self._path is None:
            if self._deferred_file is None:
                raise ValueError(f"wandb.{type(self).__name__} holds no file")
            path = _temporary(self._deferred_file.suffix)
            self._deferred_file.write(path)
            self._path = str(path)
        return Path(self._path)

    @property
    def _sha256(self) -> str | None:
        if not self.file_is_set():
            return None
        if self.path_is_reference(self._path):
            return hashlib.sha256(str(self._path).encode()).hexdigest()
        return hashlib.sha256(self._file().read_bytes()).hexdigest()

    @property
    def _size(self) -> int | None:
        if not self.file_is_set() or self.path_is_reference(self._path):
            return None
        return self._file().stat().st_size

    @classmethod
    def get_media_subdir(cls) -> str:
        """Return the folder for such files in a run's or an artifact's."""
        return f"media/{cls._folder_name}"

    @staticmethod
    def captions(media_items: Sequence[Media]) -> bool | Sequence[str | None]:
        """Return the captions of several media, or False when the first has none."""
        return False if media_items[0]._caption is None else [one._caption for one in media_items]

    def is_bound(self) -> bool:
        """Whether `bind_to_run` was called."""
        return self._run is not None

    def file_is_set(self) -> bool:
        """Whether there is a file or something to make one of."""
        return self._path is not None or self._deferred_file is not None

    def bind_to_run(
        self,
        run: Any,
        key: int | str,
        step: int | str,
        id_: int | str | None = None,
        ignore_copy_err: bool | None = None,
    ) -> None:
        """Put a copy of the file into the run's folder; `log` does not need it.

        Raises:
            ValueError: it is a reference to a file elsewhere.
        """
        if self._path is not None and self.path_is_reference(self._path):
            kind = type(self).__name__
            raise ValueError(
                f"{kind} media created by a reference to external storage cannot currently be added to a run"
            )
        self._run = run
        file = self._file()
        extension = self._extension or file.suffix
        name = f"{key}_{step}_{id_ or str(self._sha256)[:20]}{extension}"
        copy = Path(run.dir, self.get_media_subdir(), name)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
        self._path = str(copy)

    def to_json(self, run: Any = None, *, run_or_artifact: Any = None) -> dict[str, Any]:  # type: ignore[override] # wandb names it so
        """Return the JSON form; `run` may be an artifact, which gets the file."""
        run = run_or_artifact if run is None else run
        answer: dict[str, Any] = {} if self._caption is None else {"caption": self._caption}
        if self.file_is_set():
            answer["sha256"] = self._sha256
            if hasattr(run, "add_file"):
                answer["path"] = self._add_to(run)
            else:
                answer.update(size=self._size, path=str(self._path))
        return {**answer, "_type": self._log_type}

    def _add_to(self, artifact: Any) -> str:
        if self.path_is_reference(self._path):
            name = f"{self.get_media_subdir()}/{str(self._sha256)[:20]}/{str(self._path).rpartition('/')[2]}"
            artifact.add_reference(self._path, name=name)
            return name
        file = self._file()
        added = artifact.get_added_local_path_name(str(self._path))
        if added is not None and artifact.manifest.get_entry_by_path(added) is not None:
            return str(added)  # the file is in the artifact already
        name = f"{self.get_media_subdir()}/{file.name}" if self._is_tmp else ""
        # Two files of one name in different folders are two files in the artifact too.
        name = name or f"{self.get_media_subdir()}/{str(self._sha256)[:20]}/{file.name}"
        return str(artifact.add_file(str(file), name=name, is_tmp=bool(self._is_tmp)).path)

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> Any:
        """Return the value of a JSON form and of the artifact that holds its file."""
        return cls(source_artifact.get_entry(json_obj["path"]).download())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._sha256 == other._sha256

    __hash__ = None  # as with wandb

    @staticmethod
    def path_is_reference(path: Any) -> bool:
        """Whether a path names a file on a server."""
        return isinstance(path, str) and re.match(r"(gs|s3|https?)://", path) is not None


class BatchableMedia(Media):
    """A value of which several can be logged under one key, as a list."""

    _list_type: ClassVar[str] = ""

    @classmethod
    def seq_to_json(cls, seq: Sequence[BatchableMedia], run: Any, key: str, step: int | str) -> dict[str, Any]:
        """Return the JSON form of several values."""
        answer = [one.to_json(run) for one in seq]
        return {"_type": cls._list_type, "count": len(answer), "filenames": [one.get("path") for one in answer]} | (
            {"captions": captions} if (captions := cls.captions(seq)) else {}
        )
