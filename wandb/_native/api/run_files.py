"""Lists, reads and adds the files and artifacts of a run that was read back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wandb._native.api import artifact_versions, run_edit
from wandb.errors import CommError
from wandb_compat.artifacts.paths import file_key, old_file_key

if TYPE_CHECKING:
    from wandb._native.api.run import Run
    from wandb._native.api.run_attributes import RunAttributes
    from wandb.apis.public.files import File
    from wandb.sdk.artifacts.artifact import Artifact


def upload_file(run: Run, path: str | os.PathLike[str], root: str | os.PathLike[str] = ".") -> File:
    """Add a file of this machine to the run."""
    from pluto.query import QueryError

    name = Path(os.path.relpath(path, root)).as_posix()
    key, _ = file_key("save", name)
    caption = name if key != f"save/{name}" else None
    try:
        run._reader.upload_file(run.project, run.number, key, path, step=0, caption=caption)
    except QueryError as error:
        raise CommError(str(error), error) from error
    return run.file(name)


def list_files(run: RunAttributes) -> list[dict[str, Any]]:
    """Return what the server lists of the run's files; past its bound, key by key."""
    from wandb._native.api.connection import FILES

    run._await_stored_rows()
    found = run._reader.get_files(run.project, run.number)
    if len(found) >= FILES:
        keys = {*run._log_types(), *(file["logName"] for file in found)} - {*_metric_keys(run)}
        found = [file for key in sorted(keys) for file in run._reader.get_files(run.project, run.number, key)]
    return list(found)


def saved_files(run: RunAttributes, name: str) -> list[dict[str, Any]]:
    """Return what the server lists of a saved file, oldest first; earlier releases stored some names in another way."""
    for key in dict.fromkeys((file_key("save", name)[0], old_file_key("save", name))):
        if found := run._reader.get_files(run.project, run.number, key):
            return list(found)
    return []


def _metric_keys(run: RunAttributes) -> Iterator[str]:
    return (name for name, kind in run._log_types().items() if kind == "METRIC")


def use_artifact(run: Run, artifact: Artifact) -> Artifact:
    """Record in the run's config that it used a logged artifact."""
    artifact_versions.check_logged(artifact, "use_artifact")
    run_edit.send(run, {"used_artifacts": {artifact.name: artifact.type}})
    return artifact
