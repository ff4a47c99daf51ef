"""The files of a run: those that it saved or logged, and those in which wandb keeps what a server has otherwise."""

from __future__ import annotations

import base64
import fnmatch
import io
import json
import mimetypes
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wandb._native.api import run_files
from wandb._native.api.run_fields import media_path
from wandb._native.api.unsupported_methods import method
from wandb.apis.attrs import Attrs
from wandb.apis.normalize import normalize_exceptions
from wandb.apis.paginator import SizedPaginator
from wandb.apis.public.history import kind_of, table_name
from wandb.errors import CommError
from wandb_compat.wire.stored_values import latest_values

if TYPE_CHECKING:
    from wandb.apis.public.runs import Run

FILE_FRAGMENT = ""  # of a query in GraphQL, in which Pluto is not asked
SAVED = "save/"
ARTIFACTS = "artifacts/"


class Files(SizedPaginator["File"]):
    """The files of a run; see `Run.files`."""

    def __init__(
        self,
        service_api: Any,
        run: Run,
        names: list[str] | None = None,
        per_page: int = 50,
        upload: bool = False,
        pattern: str | None = None,
    ) -> None:
        """List files.

        Args:
            service_api: the connection.
            run: the run that has them.
            names: of the files wanted; all by default.
            per_page: how many are handed out at a time. Pluto lists a run's files at once.
            upload: without effect, accepted.
            pattern: as SQL's LIKE has it: `%` for any text, `_` for any letter.

        Raises:
            ValueError: both `names` and `pattern` are given.
        """
        if names and pattern:
            raise ValueError("Give either names or a pattern of files, not both.")
        super().__init__(per_page)
        self.run = run
        self._service_api = service_api
        self._names = names or []
        self._pattern = pattern

    def _read(self) -> list[File]:
        self._done = True
        found = of_run(self.run)
        if self._names:
            found = {name: file for name, file in found.items() if name in self._names}
        if self._pattern:
            glob = self._pattern.replace("[", "[[]").replace("%", "*").replace("_", "?")
            found = {name: file for name, file in found.items() if fnmatch.fnmatchcase(name, glob)}
        return [found[name] for name in sorted(found)]

    def __repr__(self) -> str:
        return f"<Files {'/'.join(self.run.path)} ({len(self)})>"


class File(Attrs):
    """A file of a run.

    `name`, `url`, `size` (bytes), `mimetype` and `updated_at` tell about it.

    Example:
        >>> run.file("model.pt").download(root="checkpoints", replace=True)
    """

    def __init__(self, service_api: Any, attrs: dict[str, Any], run: Run | None = None) -> None:
        super().__init__(attrs)
        self._service_api = service_api
        self.run = run
        self._make: Callable[[], str] | None = None

    @classmethod
    def _made(cls, run: Run, name: str, make: Callable[[], str]) -> File:
        """Return a file whose text is made of what the server has in another form."""
        file = cls(run._reader, _about(name, run.updated_at), run)
        file._make = make
        return file

    @property
    def size(self) -> int:
        """Bytes."""
        return int(self._attrs["sizeBytes"]) if self._make is None else len(self._text().encode())

    @property
    def url(self) -> str | None:
        """Where the bytes are, for five days; a `data:` URL for what wandb keeps in a file and Pluto does not."""
        if self._make is None:
            return self._attrs["url"]  # type: ignore[no-any-return] # text or None
        return f"data:{self.mimetype};base64,{base64.b64encode(self._text().encode()).decode()}"

    direct_url = url

    @property
    def path_uri(self) -> str:
        """An empty text: Pluto does not say which bucket holds a file."""
        return ""

    def _text(self) -> str:
        assert self._make is not None
        if "text" not in self._attrs:
            self._attrs["text"] = self._make()
        return str(self._attrs["text"])

    @normalize_exceptions
    def download(
        self, root: str = ".", replace: bool = False, exist_ok: bool = False, api: Any = None
    ) -> io.TextIOWrapper:
        """Write the file below a folder, under its name.

        Args:
            root: the folder.
            replace: write over a file that is there.
            exist_ok: leave a file that is there as it is, instead of raising.
            api: without effect, accepted.

        Returns:
            The file on disk, open for reading.

        Raises:
            ValueError: it is there already, or its name leads out of `root`.
            wandb.CommError: the run has no such file, or the server cannot be asked.
        """
        path = Path(root, self.name)
        if not path.resolve().is_relative_to(Path(root).resolve()):
            raise ValueError(f"The file {self.name!r} would be written outside of {root!r}")
        if path.exists() and not replace:
            if exist_ok:
                return path.open(encoding="utf-8")
            raise ValueError(
                f"File already exists: {path}; pass replace=True to overwrite it or exist_ok=True to leave it as it is."
            )
        if self._make is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self._text(), encoding="utf-8")
        elif self._attrs["url"] is None:
            raise CommError(f"The run {'/'.join(self.run.path) if self.run else ''} has no file {self.name!r}")
        else:
            try:
                self._service_api.wire.download(self._attrs["url"], path)
            except FileNotFoundError as error:
                raise CommError(f"{self.name}: {error}", error) from error
        return path.open(encoding="utf-8")

    delete = method("File.delete()", "files are kept as long as their run; delete the run on its page")

    def __repr__(self) -> str:
        return f"<File {self.name} ({self.mimetype}) {self.size} B>"


def of_run(run: Run) -> dict[str, File]:
    """Return the files of a run by name; of several under one name the latest."""
    found = {**_made_files(run), **_tables(run)}
    types = run._log_types()
    for file in run_files.list_files(run):
        if (name := _name_of(file, types)) is not None:
            found[name] = _listed(run, name, file)
    return found


def named_file(run: Run, name: str) -> File:
    """Return a file by name; one that is not there has no bytes, and cannot be downloaded."""
    if not name.startswith("media/"):
        saved = run_files.saved_files(run, name)
        if saved:
            return _listed(run, name, saved[-1])
        if made := _made_files(run).get(name):
            return made
    missing = File(run._reader, {**_about(name, None), "sizeBytes": 0, "url": None}, run)
    return of_run(run).get(name, missing)


def _listed(run: Run, name: str, file: dict[str, Any]) -> File:
    url = file.get("url") or file.get("downloadUrl")
    about = {**_about(name, file.get("time")), "sizeBytes": file["fileSize"], "url": url, "directUrl": url}
    return File(run._reader, about, run)


def _about(name: str, time: str | None) -> dict[str, Any]:
    mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return {"id": name, "name": name, "mimetype": mimetype, "updatedAt": time, "md5": None}


def _name_of(file: dict[str, Any], types: dict[str, str]) -> str | None:
    """Return the name under which wandb has a file, or None for one of an artifact."""
    key, name = file["logName"], file["fileName"]
    if key.startswith(ARTIFACTS):
        return None
    if key.startswith(SAVED):
        return str(file.get("caption") or key.removeprefix(SAVED))
    if file["fileType"] == "mask":
        return f"media/images/mask/{name}"
    kind = kind_of(types.get(key), name)
    if kind is not None:
        return media_path(kind, name)
    return key if key.rpartition("/")[2] == name else f"{key}/{name}"


def _made_files(run: Run) -> dict[str, File]:
    """Return what wandb keeps in files and Pluto does not."""

    def config() -> str:
        import yaml

        return yaml.safe_dump({key: {"value": value} for key, value in run.config.items()}, sort_keys=True)

    def output() -> str:
        return "".join(f"{line.content}\n" for line in run.console_logs())

    makers: dict[str, Callable[[], str]] = {
        "config.yaml": config,
        "output.log": output,
        "wandb-metadata.json": lambda: json.dumps(run.metadata, indent=2),
        "wandb-summary.json": lambda: json.dumps(run.summary_metrics),
    }
    return {name: File._made(run, name, make) for name, make in makers.items()}


def _tables(run: Run) -> dict[str, File]:
    """Return the tables of a run as files, each under its step, and the last of a key under the key too."""
    found: dict[str, File] = {}
    if "TABLE" not in run._log_types().values():
        return found
    for one in latest_values(run._reader.logged(run.project, run.number)):
        if one["dataType"] == "TABLE":
            key = one["logName"]
            for name in (table_name(key, one["step"]), f"{key}.table.json"):
                path = media_path("table-file", name)
                found[path] = File._made(run, path, partial(_table, one["data"]))
    return found


def _table(document: str) -> str:
    """Return wandb's file of a table from Pluto's document."""
    found = json.loads(document)
    rows = found.get("table", [])
    columns = [column["name"] for column in found.get("col") or ()] or list(range(len(rows[0]) if rows else 0))
    return json.dumps({"columns": columns, "data": rows, "ncols": len(columns), "nrows": len(rows)})
