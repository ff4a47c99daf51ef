"""Publishes artifacts: uploads files and manifest, determines the version, and writes the outcome for the trainer."""

from __future__ import annotations

import contextlib
import json
import logging
from functools import cached_property
from pathlib import Path
from time import sleep, time
from typing import Any

from wandb_compat.artifacts.paths import manifest_digest, manifest_key, outcome_path
from wandb_compat.artifacts.store import ArtifactStore, published
from wandb_compat.spool import os_errors, records, safe_paths, staging
from wandb_compat.spool.records import Artifact, ArtifactFile, File
from wandb_compat.spool.safe_paths import UnsafePath
from wandb_compat.system.atomic_write import atomic_write
from wandb_compat.uploader.session import Session
from wandb_compat.uploader.uploads import Uploads
from wandb_compat.wire.artifact_versions import LATEST, Collection, Entry
from wandb_compat.wire.errors import Unavailable, UnpublishableArtifact, WireError

log = logging.getLogger(__name__)

SETTLE_TIME = 0.2  # seconds until an entry that another run publishes at the same moment can be read


class UploadedFiles:
    """The uploaded files of a run's artifacts, kept on disk: neither a second attempt nor a restarted uploader sends
    them again."""

    def __init__(self, run_dir: Path, run: int) -> None:
        self._path = outcome_path(run_dir, "files").with_suffix(".jsonl")
        self._run = run
        self._known: set[tuple[int, str, str]] = set()
        with contextlib.suppress(FileNotFoundError):
            for line in self._path.read_bytes().splitlines():
                with contextlib.suppress(ValueError):  # the last one, if the machine has crashed
                    number, key, name = json.loads(line)
                    self._known.add((number, key, name))

    def __contains__(self, file: ArtifactFile) -> bool:
        return (self._run, file.key, file.name) in self._known

    def add(self, file: File) -> None:
        """Note a file; may be called by several threads."""
        entry = self._run, file.key, file.name
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab", buffering=0) as stream:
            stream.write(json.dumps(entry).encode() + b"\n")
        self._known.add(entry)


def sent_files(run_dir: Path, run: int, record: Artifact) -> list[File]:
    """Return the files that a run has sent for an artifact and that are still on disk, manifests among them."""
    sent = UploadedFiles(run_dir, run)
    key, _ = manifest_key(record.name, b"")
    manifests = sorted((run_dir / staging.FOLDER).glob("manifest-*.json"))
    files = [*_files(record), *(ArtifactFile(key, one.name, staging.relative(run_dir, one)) for one in manifests)]
    here = [file for file in files if file in sent and safe_paths.inside(run_dir, file.path).exists()]
    return [_to_send(record, file) for file in here]


def _to_send(record: Artifact, file: ArtifactFile) -> File:
    kind = Path(file.name).suffix[1:]
    return File(record.time, record.step, file.key, file.name, kind, file.path, caption=file.caption)


def _files(record: Artifact) -> list[ArtifactFile]:
    return [ArtifactFile(**file) for file in record.files]


class Publisher:
    """Sends the artifacts of one run; called by one thread only."""

    def __init__(self, run_dir: Path, session: Session, uploads: Uploads) -> None:
        self._run_dir = run_dir
        self._session = session
        self._uploads = uploads
        self._client = session.new_client()

    def send(self, lines: list[bytes]) -> list[tuple[int, str]]:
        """Publish the artifacts that records describe; return (index, reason) of those that cannot be.

        Raises:
            WireError: not all of them were taken this time.
        """
        refused = []
        for index, line in enumerate(lines):
            record = records.parse(Artifact, line)
            try:
                with os_errors.retryable():
                    self._write_outcome(record.id, self._publish(record))
            except WireError:
                raise
            except Exception as error:  # whatever is wrong with one artifact, the others must go on
                if not isinstance(error, (UnpublishableArtifact, FileNotFoundError)):
                    log.exception("artifact %s cannot be published", record.name)
                with contextlib.suppress(UnsafePath):
                    self._write_outcome(record.id, {"error": str(error) or type(error).__name__})
                refused.append((index, str(error)))
        return refused

    def release(self, lines: list[bytes]) -> None:
        """Delete the files of artifacts that are published and noted."""
        for line in lines:
            record = records.parse(Artifact, line)
            paths = [file.path for file in _files(record)]
            paths += [file.path for file in sent_files(self._run_dir, self._session.run, record)]
            for path in paths:
                staging.release(self._run_dir, path)

    @cached_property
    def _uploaded(self) -> UploadedFiles:
        return UploadedFiles(self._run_dir, self._session.run)

    def _publish(self, record: Artifact) -> dict[str, Any]:
        store = ArtifactStore(self._client, self._session.project)
        name = record.name
        # First: a server that cannot tell which versions exist has the bytes all the same.
        source = record.source
        if source is None:
            self._upload(record, _files(record))
            if record.base is None and record.part is None:
                source = self._upload_manifest(record, *self._manifest(store, record))
        collection = store.collection(name)
        known = self._known(collection, record)
        if known is None:
            if source is not None and "id" in source:
                source = self._outcome_of(source["id"])
            if source is None:
                source = self._upload_manifest(record, *self._manifest(store, record))
                collection = store.collection(name)  # others may have published meanwhile
            self._check_type(collection, record)
            version = collection.versions.get(source["digest"])
            known = Entry(
                id=record.id,
                order=collection.order,
                time=int(time() * 1000),
                digest=source["digest"],
                version=collection.next if version is None else version.number,
                type=record.type,
                size=source["size"],
                run=source["run"],
                key=source["key"],
                manifest=source["manifest"],
                aliases=list(dict.fromkeys([*record.aliases, LATEST])),
                tags=record.tags,
                source=source.get("source"),
                part=record.part if not record.final else None,
            )
            self._session.config.update(published(name, known))
        if known.part is not None:
            return {"part": known.part}
        sleep(SETTLE_TIME)
        version = store.collection(name).versions[known.digest]
        return {
            "version": version.number,
            "digest": known.digest,
            "aliases": version.aliases,
            "size": known.size,
            "run": version.entry.run,
            "key": version.entry.key,
            "manifest": version.entry.manifest,
            "time": version.entry.time,
            "source": version.entry.source or f"{name}:v{version.number}",
        }

    def _known(self, collection: Collection, record: Artifact) -> Entry | None:
        """Return the entry of an earlier attempt, whose answer was lost."""
        return next((entry for entry in collection.entries if entry.id == record.id), None)

    def _check_type(self, collection: Collection, record: Artifact) -> None:
        for version in collection.versions.values():
            if version.entry.type != record.type:
                raise UnpublishableArtifact(
                    f"Artifact {record.name} already exists with type '{version.entry.type}'; "
                    f"cannot create another with type '{record.type}'"
                )

    def _outcome_of(self, id: str) -> dict[str, Any]:
        """Return what became of an artifact that this run has logged, for a link to it."""
        try:
            outcome: dict[str, Any] = json.loads(outcome_path(self._run_dir, id).read_bytes())
        except FileNotFoundError:
            raise Unavailable(f"a link waits for artifact record {id}, which is not published yet") from None
        if "error" in outcome:
            raise UnpublishableArtifact(f"The artifact to link could not be published: {outcome['error']}")
        return outcome

    def _upload(self, record: Artifact, files: list[ArtifactFile]) -> None:
        new = [_to_send(record, file) for file in files if file not in self._uploaded]
        lost = self._uploads.upload(new, self._uploaded.add)
        self._uploads.forget(new)
        if lost:
            named = "; ".join(
                f"{new[index].caption or new[index].key}: {reason}" for index, reason in list(lost.items())[:3]
            )
            raise UnpublishableArtifact(f"{len(lost)} files of artifact {record.name} cannot be uploaded: {named}")

    def _manifest(self, store: ArtifactStore, record: Artifact) -> tuple[dict[str, Any], str]:
        """Return the manifest in full, with what the artifact builds on, and the artifact's digest."""
        about = {**record.manifest.get("artifact", {}), "step": record.step}
        document = {**record.manifest, "artifact": about}
        contents = {
            path: {**one, "run": one.get("run", self._session.run)} if "key" in one else one
            for path, one in document["contents"].items()
        }
        base: dict[str, Any] = {}
        if record.base is None and record.part is None:
            return {**document, "contents": contents}, record.digest
        collection = store.collection(record.name)
        if record.base is not None and (version := collection.find(record.base)) is not None:
            base.update(store.manifest(version.entry)["contents"])
        if record.part is not None and record.final:
            for entry in collection.entries:
                if entry.part == record.part:
                    base.update(store.manifest(entry)["contents"])
        if not base:
            return {**document, "contents": contents}, record.digest
        contents = {**base, **contents}
        digest = manifest_digest({path: one["digest"] for path, one in contents.items()})
        return {**document, "contents": contents}, digest

    def _upload_manifest(self, record: Artifact, document: dict[str, Any], digest: str) -> dict[str, Any]:
        """Upload a manifest; return the fields of the entry that say where it is and what it holds."""
        text = json.dumps(document, sort_keys=True).encode()
        key, name = manifest_key(record.name, text)
        path = staging.new_path(self._run_dir, ".json").with_name(name)  # it stays until it is known to be stored
        path.write_bytes(text)
        self._upload(record, [ArtifactFile(key, name, staging.relative(self._run_dir, path))])
        size = sum(one.get("size") or 0 for one in document["contents"].values())
        return {"run": self._session.run, "key": key, "manifest": name, "digest": digest, "size": size}

    def _write_outcome(self, id: str, outcome: dict[str, Any]) -> None:
        path = outcome_path(self._run_dir, id)
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, json.dumps(outcome))
