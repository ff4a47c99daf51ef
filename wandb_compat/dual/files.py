"""The artifacts and files that a real run has logged, on their way to Pluto."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from wandb_compat.artifacts.log import ArtifactRecords, collection_of, used
from wandb_compat.artifacts.saved_files import FolderFiles
from wandb_compat.convert.json_values import json_value
from wandb_compat.spool import records

# Types of artifacts that wandb makes of what is logged; Pluto has the tables themselves.
_MADE_BY_LOG = ("run_table", "wandb-run-incremental-table")
# In the run's folder: what `log` has put there, and has been sent from its rows.
_LOGGED = ("media/*",)


class Holdings:
    """What one mirrored run has logged in files."""

    def __init__(
        self, run: Any, home: Path, submit: Callable[[records.Record], None], tell: Callable[[str, str], None]
    ) -> None:
        """Begin with nothing sent.

        Args:
            run: the real run.
            home: the mirror's run folder.
            submit: takes the records.
            tell: takes (level, sentence) for the user.
        """
        self._submit = submit
        self._tell = tell
        self._artifacts = ArtifactRecords(home, submit)
        self._logged: dict[tuple[str, str], str] = {}  # id of the record by name and digest
        ignored = (*getattr(run._settings, "ignore_globs", ()), *_LOGGED)
        self._files = FolderFiles(Path(run._settings.files_dir), home, submit, ignored, tell=tell)

    def keep(self, artifact: Any) -> None:
        """Keep the files of an artifact that wandb is going to take: once they are uploaded it deletes its copies."""
        if artifact.type not in _MADE_BY_LOG:
            self._artifacts.keep(artifact)

    def log(
        self, artifact: Any, step: int, aliases: Any, tags: Any, part: str | None = None, final: bool = True
    ) -> None:
        """Take an artifact that wandb has taken; arguments as those of `ArtifactRecords.log`."""
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
            self._tell("warning", f"Pluto: {artifact.name} was not logged by this run; its link is not sent")
            return
        self._artifacts.link(artifact, collection_of(target_path)[1], _texts(aliases) or [], {"id": logged})

    def save(self, paths: Any, policy: str) -> None:
        """Take the paths in the run's folder that `save` has put there."""
        for path in paths if isinstance(paths, list) else ():
            self._files.take(Path(path), policy)  # type: ignore[arg-type]

    def finish(self) -> None:
        """Take whatever else lies in the run's folder."""
        self._artifacts.finish()
        self._files.finish()


def _texts(value: Iterable[str] | str | None) -> list[str] | None:
    if value is None:
        return None
    return [value] if isinstance(value, str) else [os.fspath(one) for one in value]
