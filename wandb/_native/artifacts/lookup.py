"""The server as artifacts see it: which versions a project has, and how to get at them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from wandb.errors import CommError, UsageError
from wandb.errors.term import termlog, termwarn
from wandb.sdk.artifacts.exceptions import WaitTimeoutError
from wandb_compat.artifacts.paths import outcome_path
from wandb_compat.artifacts.store import ArtifactStore
from wandb_compat.config import credentials
from wandb_compat.config.settings import Settings
from wandb_compat.spool.process_registry import private_directory
from wandb_compat.spool.status import State
from wandb_compat.wire.artifact_versions import Collection, Version
from wandb_compat.wire.client import Client
from wandb_compat.wire.endpoints import resolve
from wandb_compat.wire.errors import WireError

WAIT = 3600.0  # seconds that `wait` without a timeout goes on for an uploader that is sending
AWAY = 30.0  # seconds that it goes on for a server that is away
LOOK = 0.02  # seconds between two looks for the uploader's answer


def artifact_store(project: str | None) -> ArtifactStore:
    """Return the artifacts of a project on the server that the environment names.

    Raises:
        wandb.UsageError: no Pluto key is configured.
    """
    from wandb.sdk.wandb_login import find_credential

    own, _ = Settings.read()
    credential = find_credential()
    key = credential.reveal() if credential is not None else None
    if key is None:
        raise UsageError(f"Artifacts cannot be read without a Pluto key: {credentials.HINT}")
    return ArtifactStore(Client(resolve(own.urls), key), own.project(project))


@dataclass
class Name:
    """What a text such as `entity/project/name:alias` asks for."""

    entity: str
    project: str
    name: str
    alias: str

    @classmethod
    def parse(cls, text: str, entity: str, project: str) -> Name:
        """Return the parts of a text; what is missing is `entity` and `project`, and `latest`.

        Raises:
            ValueError: it has more than three parts.
        """
        path, _, alias = text.partition(":")
        parts = path.split("/")
        if len(parts) > 3 or not parts[-1]:
            raise ValueError(f"Invalid artifact path: {text!r}; write it as entity/project/name:alias")
        entity, project, name = ([entity, project][: 3 - len(parts)] + parts)[-3:]
        return cls(entity, project, name, alias or "latest")


def find(name: Name) -> tuple[ArtifactStore, Collection, Version]:
    """Return the version of a name.

    Raises:
        wandb.CommError: the server cannot be asked, or has no such version.
    """
    store = artifact_store(name.project)
    try:
        collection = store.collection(name.name)
    except WireError as error:
        raise CommError(f"artifact {name.name}:{name.alias} cannot be looked up: {error}", error) from error
    version = collection.find(name.alias)
    if version is None:
        known = [f"v{one.number}" for one in collection.versions.values()]
        there = f"it has {', '.join(known[-5:])}" if known else "nothing is logged under this name"
        if not known and name.name.startswith("run-"):
            there += "; a table passed to run.log is not an artifact in Pluto: use artifact.add(table, name)"
        raise CommError(f"artifact '{name.name}:{name.alias}' not found in project {store.project!r}: {there}")
    return store, collection, version


class Awaited:
    """An artifact that was handed to the uploader."""

    def __init__(self, home: Path, id: str) -> None:
        self.home = home
        self._path = outcome_path(home, id)

    def outcome(self) -> dict[str, Any] | None:
        """Return what has become of it, or None as long as that is not known.

        Raises:
            ValueError: it cannot be published.
        """
        try:
            outcome: dict[str, Any] = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return None
        if "error" in outcome:
            raise ValueError(outcome["error"])
        return outcome

    def wait(self, timeout: float | None) -> dict[str, Any]:
        """Return what has become of it.

        Raises:
            WaitTimeoutError: it takes longer than `timeout` seconds, or the server is away.
            ValueError: it cannot be published.
        """
        began = last_seen = monotonic()
        while (outcome := self.outcome()) is None:
            state, now = State.read(self.home) or State(), monotonic()
            if state.phase == "delivering":
                last_seen = now
            over = now - began > (WAIT if timeout is None else timeout)
            away = timeout is None and now - last_seen > AWAY
            if over or away or (state.phase in ("done", "left") and self.outcome() is None):
                raise WaitTimeoutError(
                    f"The artifact is not on the Pluto server after {now - began:.0f} s"
                    + (f": {state.trouble}" if state.trouble else "")
                    + f"; it waits in {self.home} and `wandb-compat sync` of that folder sends it"
                )
            sleep(LOOK)
        return outcome


def announce_large(name: str, files: int, size: int) -> None:
    """Say that a download takes a while."""
    if files > 5000 or size > 50 * 1024**2:
        termlog(f"Downloading large artifact {name!r}, {size / 1024**2:.2f}MB. {files} files...")


def staging_folder() -> Path:
    """Return the folder in which artifacts keep copies until they are logged."""
    data = os.environ.get("WANDB_DATA_DIR")
    if not data:
        base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
        data = os.fspath(Path(base, "wandb"))
    folder = Path(data, "artifacts", "staging").expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
        reason = "it is not writable"
    except OSError as error:
        reason = error.strerror or str(error)
    fallback = private_directory("staging")
    termwarn(
        f"Artifacts cannot be prepared in {folder} ({reason}); using {fallback}. Set WANDB_DATA_DIR.", repeat=False
    )
    return fallback
