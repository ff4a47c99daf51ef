"""Makes the records by which a run's artifacts reach the uploader, of the real wandb's artifacts as of ours."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

from wandb_compat.artifacts.versions import content_place
from wandb_compat.spool import records, staging


class ArtifactRecords:
    """What one run has logged, so that nothing is sent twice."""

    def __init__(self, home: Path, submit: Callable[[records.Record], None]) -> None:
        """Begin with nothing sent.

        Args:
            home: the run folder.
            submit: takes the records.
        """
        self._home = home
        self._submit = submit
        self._sent: set[tuple[str, str]] = set()  # key and file name
        self._kept: dict[tuple[str, str], str] = {}  # where files lie in the run folder that have not been sent yet

    def keep(self, artifact: Any) -> None:
        """Keep the files of an artifact that is going to be logged, which its owner may delete meanwhile.

        Raises:
            OSError: a file that was added as immutable is gone, or there is no room to keep it; nothing is told then.
        """
        name = artifact.name.partition(":")[0]
        for path, entry in artifact.manifest.entries.items():
            if entry.local_path is not None:
                self._keep(content_place(name, path, base64.b64decode(entry.digest).hex()), Path(entry.local_path))

    def finish(self) -> None:
        """Let go of the files of artifacts that were not logged in the end."""
        while self._kept:
            staging.release(self._home, self._kept.popitem()[1])

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
        """Hand an artifact over with the files that the server does not have from this run yet.

        Args:
            artifact: complete, with `name`, `type`, `digest` and `manifest`; its files are there until this returns.
            about: description, metadata and time to live, as JSON.
            step: of the run.
            aliases, tags: of the version.
            algorithm: of the digests, `MD5` or `XXH128`.
            source: where the manifest lies, of an artifact that is on the server.
            base: the version that it is added to.
            part: the id of the distributed artifact that this is a part of.
            final: whether that is complete now.

        Raises:
            OSError: a file that was added as immutable is gone, or there is no room to keep it; nothing is told then.
        """
        name = artifact.name.partition(":")[0]
        manifest: dict[str, Any] = {}
        files: list[dict[str, Any]] = []
        if source is None:
            self.keep(artifact)  # all of it, before anything is told
            manifest = artifact.manifest.to_manifest_json()
            for path, entry in artifact.manifest.entries.items():
                if entry.local_path is not None:
                    key, file = content_place(name, path, base64.b64decode(entry.digest).hex())
                    manifest["contents"][path] |= {"key": key, "file": file}
                    files += self._file(key, file, path)
            own = {"name": artifact.name, "type": artifact.type, "digest_algorithm": algorithm}
            manifest["artifact"] = {**own, **about}
        record = records.Artifact(
            id=uuid4().hex,
            time=int(time() * 1000),
            step=step,
            name=name,
            type=artifact.type,
            digest=artifact.digest,
            manifest=manifest,
            files=files,
            aliases=aliases,
            tags=tags,
            source=source,
            base=base,
            part=part,
            final=final,
        )
        self._submit(record)
        return record

    def link(self, artifact: Any, name: str, aliases: list[str], source: dict[str, Any]) -> records.Artifact:
        """Hand over another name for an artifact that is logged; `source` as in `records.Artifact`."""
        record = records.Artifact(
            id=uuid4().hex,
            time=int(time() * 1000),
            step=0,
            name=name,
            type=artifact.type,
            digest=artifact.digest,
            manifest={},
            files=[],
            aliases=aliases,
            source=source,
        )
        self._submit(record)
        return record

    def _keep(self, place: tuple[str, str], source: Path) -> None:
        if place not in self._sent and place not in self._kept:
            # The copy is the artifact's own, or its owner has promised to leave it alone: a link will do.
            self._kept[place] = staging.stage(self._home, source, link_from=0)

    def _file(self, key: str, name: str, path: str) -> list[dict[str, Any]]:
        place = key, name
        if place in self._sent:
            return []
        self._submit(records.Key(key, "ARTIFACT"))
        self._sent.add(place)
        return [{"key": key, "name": name, "path": self._kept.pop(place), "caption": path}]


def used(artifact: Any) -> records.Config:
    """Return the record that notes an artifact as an input of the run."""
    return records.Config({"wandb": {"used_artifacts": {artifact.name: artifact.type}}})


def collection_of(target: str) -> tuple[str, str]:
    """Return project and name of a link's target: `collection`, `project/collection`, `entity/project/collection`.

    Raises:
        ValueError: it has another form.
    """
    path = target.partition(":")[0].split("/")
    if len(path) > 3 or not path[-1]:
        raise ValueError(f"Invalid artifact path: {target!r}; write it as entity/project/collection")
    return (path[-2] if len(path) > 1 else ""), path[-1]
