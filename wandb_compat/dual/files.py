"""Sends the artifacts and files that a real run logs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from wandb_compat.artifacts.log import ArtifactLog, collection_of, used
from wandb_compat.artifacts.saved_files import SavedFiles
from wandb_compat.convert.json_values import json_value
from wandb_compat.spool import records
from wandb_compat.spool.notifier import Notifier

# Types of artifacts that wandb makes of logged tables; Pluto gets the tables themselves.
_MADE_BY_LOG = ("run_table", "wandb-run-incremental-table")
# Files in the run's directory that `log` has put there; they are sent with their rows.
_LOGGED = ("media/*",)


class LoggedFiles:
    """The artifacts and files of one run."""

    def __init__(self, run: Any, run_dir: Path, submit: Callable[[records.Record], None], notifier: Notifier) -> None:
        """Begin with nothing sent.

        Args:
            run: the real run.
            run_dir: our run directory.
            submit: takes the records.
            notifier: warns of what cannot be sent.
        """
        self._submit = submit
        self._notifier = notifier
        self._artifacts = ArtifactLog(run_dir, submit)
        self._logged: dict[tuple[str, str], str] = {}  # id of the record by name and digest
        ignored = (*getattr(run._settings, "ignore_globs", ()), *_LOGGED)
        self._files = SavedFiles(Path(run._settings.files_dir), run_dir, submit, ignored, notifier=notifier)

    def keep(self, artifact: Any) -> None:
        """Stage the files of an artifact that wandb is about to log: wandb deletes its copies after the upload."""
        if artifact.type not in _MADE_BY_LOG:
            self._artifacts.stage(artifact)

    def log(
        self, artifact: Any, step: int, aliases: Any, tags: Any, part: str | None = None, final: bool = True
    ) -> None:
        """Take an artifact that wandb has logged; arguments as those of `ArtifactLog.log`."""
        if artifact.type in _MADE_BY_LOG:
            return
        about = {
            "description": artifact.description,
            "metadata": json_value(dict(artifact.metadata or {})),
            "ttl": getattr(artifact, "_ttl_duration_seconds", None),
        }
        record = self._artifacts.log(
            artifact,
            about,
            step,
            _texts(aliases) or [],
            _texts(tags),
            algorithm="XXH128" if "XXH128" in str(getattr(artifact, "digest_algorithm", "")) else "MD5",
            part=part,
            final=final,
        )
        self._logged[record.name, record.digest] = record.id

    def use(self, artifact: Any) -> None:
        """Take an artifact that the run has as its input."""
        self._submit(used(artifact))

    def link(self, artifact: Any, target_path: str, aliases: Any) -> None:
        """Take another name of an artifact."""
        logged = self._logged.get((artifact.name.partition(":")[0], artifact.digest))
        if logged is None:
            self._notifier.warning(f"Pluto: {artifact.name} was not logged by this run; its link is not sent")
            return
        self._artifacts.link(artifact, collection_of(target_path)[1], _texts(aliases) or [], {"id": logged})

    def save(self, paths: Any, policy: str) -> None:
        """Take the paths in the run's directory that `save` has put there."""
        for path in paths if isinstance(paths, list) else ():
            self._files.save(Path(path), policy)  # type: ignore[arg-type]

    def finish(self) -> None:
        """Take all other files in the run's directory."""
        self._artifacts.finish()
        self._files.finish()


def _texts(value: Iterable[str] | str | None) -> list[str] | None:
    if value is None:
        return None
    return [value] if isinstance(value, str) else [os.fspath(one) for one in value]
