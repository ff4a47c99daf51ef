"""Makes the records that publish a run's artifacts, of the real wandb's artifacts and of ours."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

from wandb_compat.artifacts.paths import content_key
from wandb_compat.spool import records, staging

USED_ARTIFACTS = "used_artifacts"  # in `config["wandb"]`: artifact type by version name, of the versions a run used


class ArtifactLog:
    """The artifacts that one run logged. Uploads no file twice.

    Args:
        run_dir: the run directory.
        submit: accepts the records.
    """

    def __init__(self, run_dir: Path, submit: Callable[[records.Record], None]) -> None:
        self._run_dir = run_dir
        self._submit = submit
        self._submitted: set[tuple[str, str]] = set()  # (key, file name)
        self._staged: dict[tuple[str, str], str] = {}  # path in the run directory, of files not submitted yet

    def stage(self, artifact: Any) -> None:
        """Copy or link the files of an artifact into the run directory, because their owner may delete them.

        Raises:
            OSError: a file that was added as immutable is gone, or the disk is full. Nothing is submitted then.
        """
        name = artifact.name.partition(":")[0]
        for path, entry in artifact.manifest.entries.items():
            if entry.local_path is None:
                continue
            key = content_key(name, path, base64.b64decode(entry.digest).hex())
            if key not in self._submitted and key not in self._staged:
                # The artifact's own copy, or a file that its owner promised not to change: a link is enough.
                self._staged[key] = staging.stage(self._run_dir, Path(entry.local_path), link_from=0)

    def finish(self) -> None:
        """Delete the staged files of artifacts that were never logged."""
        while self._staged:
            staging.release(self._run_dir, self._staged.popitem()[1])

    def log(
        self,
        artifact: Any,
        about: Mapping[str, Any],
        step: int,
        aliases: list[str],
        tags: list[str] | None,
        *,
        algorithm: str = "MD5",
        source: dict[str, Any] | None = None,
        base: str | None = None,
        part: str | None = None,
        final: bool = True,
    ) -> records.Artifact:
        """Submit an artifact with the files that this run has not submitted yet.

        Args:
            artifact: complete, with `name`, `type`, `digest` and `manifest`. Its files exist until this returns.
            about: description, metadata and time to live, as JSON.
            step: of the run.
            aliases: of the version.
            tags: of the version.
            algorithm: of the digests, `MD5` or `XXH128`.
            source: location of the manifest of an artifact that is on the server already.
            base: the version that the artifact is added to.
            part: id of the distributed artifact that this is a part of.
            final: whether the distributed artifact is complete with this part.

        Raises:
            OSError: a file that was added as immutable is gone, or the disk is full. Nothing is submitted then.
        """
        manifest: dict[str, Any] = {}
        files: list[dict[str, Any]] = []
        if source is None:
            self.stage(artifact)  # all files, before anything is submitted
            manifest, files = self._contents(artifact)
            own = {"name": artifact.name, "type": artifact.type, "digest_algorithm": algorithm}
            manifest["artifact"] = {**own, **about}
        return self._submit_artifact(
            artifact,
            artifact.name.partition(":")[0],
            step=step,
            manifest=manifest,
            files=files,
            aliases=aliases,
            tags=tags,
            source=source,
            base=base,
            part=part,
            final=final,
        )

    def link(self, artifact: Any, name: str, aliases: list[str], source: dict[str, Any]) -> records.Artifact:
        """Submit another name for a logged artifact; `source` as in `records.Artifact`."""
        return self._submit_artifact(
            artifact, name, step=0, manifest={}, files=[], aliases=aliases, tags=None, source=source
        )

    def _submit_artifact(self, artifact: Any, name: str, **fields: Any) -> records.Artifact:
        record = records.Artifact(
            id=uuid4().hex,
            time=int(time() * 1000),
            name=name,
            type=artifact.type,
            digest=artifact.digest,
            **fields,
        )
        self._submit(record)
        return record

    def _contents(self, artifact: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return the manifest with the keys of all files, and the files that must be uploaded."""
        name = artifact.name.partition(":")[0]
        manifest = artifact.manifest.to_manifest_json()
        files = []
        for path, entry in artifact.manifest.entries.items():
            if entry.local_path is None:
                continue
            key, file_name = content_key(name, path, base64.b64decode(entry.digest).hex())
            manifest["contents"][path] |= {"key": key, "file": file_name}
            if (key, file_name) not in self._submitted:
                self._submitted.add((key, file_name))
                self._submit(records.Key(key, "ARTIFACT"))
                files.append(
                    {"key": key, "name": file_name, "path": self._staged.pop((key, file_name)), "caption": path}
                )
        return manifest, files


def used(artifact: Any) -> records.Config:
    """Return the record that marks an artifact as an input of the run."""
    return records.Config({"wandb": {USED_ARTIFACTS: {artifact.name: artifact.type}}})


def collection_of(target: str) -> tuple[str, str]:
    """Return project and name of the target of a link.

    Args:
        target: `collection`, `project/collection` or `entity/project/collection`.

    Raises:
        ValueError: it has another form.
    """
    path = target.partition(":")[0].split("/")
    if len(path) > 3 or not path[-1]:
        raise ValueError(f"Invalid artifact path: {target!r}; write it as entity/project/collection")
    return (path[-2] if len(path) > 1 else ""), path[-1]
