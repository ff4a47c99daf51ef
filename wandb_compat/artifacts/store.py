"""Reads and publishes the artifacts of a project on a Pluto server. The scheme is in `docs/artifacts.md`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

from wandb_compat.config.limits import PARALLEL_READS
from wandb_compat.run.identity import RUN_ID
from wandb_compat.wire.artifact_versions import ORDER, Collection, Entry
from wandb_compat.wire.config_update import update_config
from wandb_compat.wire.display_ids import is_display_id, is_run_number
from wandb_compat.wire.errors import Refused
from wandb_compat.wire.packed_config import ARTIFACTS, filter_by_entry

if TYPE_CHECKING:
    from wandb_compat.wire.client import Client

FileId = tuple[int, str, str]  # run number, key, file name
_Request = TypeVar("_Request")
_Answer = TypeVar("_Answer")


class ArtifactStore:
    """The artifacts of one project.

    Args:
        client: sends the requests.
        project: its name on the server.
    """

    def __init__(self, client: Client, project: str) -> None:
        self.client = client
        self.project = project

    def collection(self, name: str) -> Collection:
        """Return all versions that the runs of the project published under a name.

        Raises:
            WireError: the server did not answer.
        """
        runs = self.client.runs(self.project, filter_by_entry(ARTIFACTS, name, {f".{ORDER}": {"$gte": 0}}))
        published = _in_parallel(lambda run: self._entries(run, name), runs)
        return Collection(name, [entry for entries in published for entry in entries])

    def _entries(self, run: int, name: str) -> list[Entry]:
        """Return what one run published under a name."""
        try:
            details = self.client.details(run, self.project)
        except Refused as error:
            if error.status == 404:  # deleted in the meantime
                return []
            raise
        config = details.get("config")
        for key in ("wandb", "artifacts", name):
            config = config.get(key) if isinstance(config, dict) else None
        return Entry.all_of(config or {})

    def publish(self, run: int, name: str, entry: Entry) -> None:
        """Add an entry to what a run published under a name, or replace the entry with the same id."""
        update_config(self.client, run, self.project, published(name, entry))

    def manifest(self, entry: Entry) -> dict[str, Any]:
        """Download the manifest of an entry.

        Raises:
            FileNotFoundError: it is no longer on the server.
        """
        (url,) = self.urls([(entry.run, entry.key, entry.manifest)])
        manifest: dict[str, Any] = json.loads(self.client.read(url))
        return manifest

    def urls(self, files: list[FileId]) -> list[str]:
        """Return the download URLs of files, in their order.

        Raises:
            FileNotFoundError: a file is not on the server.
        """
        found: dict[FileId, str] = {}
        folder_sizes: dict[tuple[int, str], int] = {}
        for run, key, _ in files:
            folder = run, key.rpartition("/")[0]
            folder_sizes[folder] = folder_sizes.get(folder, 0) + 1
        # List a whole folder where that saves requests. An answer ends after 1000 files: request the others one by one.
        folders = [folder for folder, count in folder_sizes.items() if count > 2]
        for answer in _in_parallel(lambda folder: self._list(folder[0], logGroup=folder[1]), folders):
            found.update(answer)
        missing = list(dict.fromkeys((run, key) for run, key, name in files if (run, key, name) not in found))
        for answer in _in_parallel(lambda file: self._list(file[0], logName=file[1]), missing):
            found.update(answer)
        for run, key, name in files:
            if (run, key, name) not in found:
                raise FileNotFoundError(f"The Pluto server has no file {key} ({name}) of run {run}")
        return [found[file] for file in files]

    def run(self, run_id: str) -> int | None:
        """Return the number of a run, or None if the project has no such run.

        Args:
            run_id: wandb's id, the number, or the display id.
        """
        found = self.client.runs(self.project, {f"systemMetadata.{RUN_ID}": run_id})
        if found:
            return found[0]
        if not (is_run_number(run_id) or is_display_id(run_id)):
            return None
        try:
            return int(self.client.details(int(run_id) if run_id.isdigit() else run_id, self.project)["id"])
        except Refused:
            return None

    def _list(self, run: int, **query: str) -> dict[FileId, str]:
        files = self.client.files(run, self.project, **query)
        return {(run, file["logName"], file["fileName"]): file["url"] for file in files}


def published(name: str, entry: Entry) -> dict[str, Any]:
    """Return the config values by which a run publishes an entry under a name."""
    return {"wandb": {"artifacts": {name: {ORDER: entry.order, entry.id: json.dumps(asdict(entry))}}}}


def _in_parallel(request: Callable[[_Request], _Answer], arguments: list[_Request]) -> Iterable[_Answer]:
    """Return the answers to several requests, in their order."""
    if len(arguments) < 2:
        return [request(argument) for argument in arguments]
    from concurrent.futures import ThreadPoolExecutor

    # Several threads may use one session of requests for plain reads.
    with ThreadPoolExecutor(min(PARALLEL_READS, len(arguments)), thread_name_prefix="wandb-compat-artifacts") as pool:
        return list(pool.map(request, arguments))
