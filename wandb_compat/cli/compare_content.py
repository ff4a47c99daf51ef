"""Compares what has content: media, tables' files, saved files and artifacts, by presence, size and digest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from wandb_compat.artifacts.paths import file_key, old_file_key
from wandb_compat.artifacts.saved_files import OWN_FILES
from wandb_compat.cli.compare_pluto import FILES, PlutoRun
from wandb_compat.cli.compare_report import ABSENT, Part
from wandb_compat.cli.wandb_file import Artifact, RecordedRun
from wandb_compat.wire.artifact_versions import LATEST, Entry
from wandb_compat.wire.names import file_log_key, stored_keys
from wandb_compat.wire.stored_values import latest_values

# wandb's types of one medium that is a file, and of a list of them; other types are compared as documents.
ONE = {
    *("image-file", "audio-file", "video-file", "html-file", "object3D-file", "molecule-file"),
    *("plotly-file", "bokeh-file"),
}
LISTS = {"images/separated", "audio", "videos", "html", "object3D", "molecule"}
# Types whose file is sent as wandb has written it.
SAME_BYTES = {"image-file", "audio-file", "video-file", "html-file", "molecule-file", "object3D-file", *LISTS}
# Types of artifacts in which wandb itself stores what Pluto has elsewhere.
INTERNAL = ("run_table", "wandb-run-incremental-table", "job", "wandb-history")


@dataclass
class Content:
    """Reads contents on both sides.

    Args:
        pluto: the run in Pluto.
        folders: the folders `files` of the run's directories here, the newest last.
        whole: whether to compare digests; otherwise sizes.
        same_run: whether both sides are one execution of the script; contents of two may differ.
    """

    pluto: PlutoRun
    folders: list[Path]
    whole: bool
    same_run: bool = True

    def local(self, path: str) -> Path | None:
        """Return the local copy of a file of the run, if it is still there."""
        found = [folder / path for folder in self.folders if self.same_run and (folder / path).is_file()]
        return found[-1] if found else None

    def stored(self, file: Mapping[str, Any]) -> int | str:
        """Return what the store has of a file: its size, its SHA-256 digest, or ABSENT."""
        return self.pluto.digest(file["url"]) if self.whole else self.pluto.size(file["url"])

    def of_file(self, path: Path) -> int | str:
        """Return the same of a local file."""
        return hashlib.sha256(path.read_bytes()).hexdigest() if self.whole else path.stat().st_size

    @cached_property
    def listed(self) -> dict[str, list[dict[str, Any]]]:
        """The entries of files by key, only those that were logged last for a step."""
        found: dict[str, list[dict[str, Any]]] = {}
        for file in self.pluto.all_files():
            found.setdefault(file["logName"], []).append(file)
        return {key: latest_values(files) for key, files in found.items()}


def compare_media(recorded: RecordedRun, content: Content) -> Part:
    """Compare media step by step: number, presence and size (or digest) of the files, captions, boxes and masks."""
    part = Part()
    expected: dict[str, set[int]] = {}
    keys = set()
    for step, row in recorded.rows.items():
        for key, value in row.items():
            kind = kind_of(value)
            keys.add(key)
            if kind is not None:
                name = next((one for one in stored_keys(key) if one in content.listed), file_log_key(key))
                expected.setdefault(name, set()).add(step)
                if name in content.pluto.truncated:
                    part.skip(f"the server lists {FILES} files of a key at most")
                    continue
                _compare_medium(part, f"{key} at step {step}", value, _at(content, name, step), content)
    tables = {name for key in keys for name in stored_keys(key)}
    for name, files in content.listed.items():
        is_media = content.pluto.types.get(name, set()) & {"IMAGE", "AUDIO", "VIDEO"}
        if not is_media or name.rpartition("/")[0] in tables or _in_summary(recorded, name):
            continue
        for step in sorted({file["step"] for file in files} - expected.get(name, set())):
            part.differ(f"{name} at step {step}", ABSENT, f"{len(_at(content, name, step))} files")
    return part


def kind_of(value: Any) -> str | None:
    """Return wandb's type of a logged medium or list of media, or None."""
    if isinstance(value, list) and value and all(isinstance(one, dict) and one.get("_type") in ONE for one in value):
        return "mixed"
    kind = value.get("_type") if isinstance(value, dict) else None
    return kind if kind in ONE or kind in LISTS else None


def _in_summary(recorded: RecordedRun, name: str) -> bool:
    return any(kind_of(value) and name in stored_keys(key) for key, value in recorded.summary.items())


def _at(content: Content, name: str, step: int) -> list[dict[str, Any]]:
    return [file for file in content.listed.get(name, []) if file["step"] == step]


def _compare_medium(part: Part, what: str, value: Any, files: list[dict[str, Any]], content: Content) -> None:
    kind = kind_of(value)
    entries = value if isinstance(value, list) else [value]
    number = int(value.get("count", 0)) if kind in LISTS else len(entries)
    shown = [file for file in files if file["fileType"] != "mask"]
    there = len({file["fileName"] for file in shown})
    part.check(what, f"{number} files", f"{there} files" if there else ABSENT, "count")
    if doubled := len(shown) - there:
        part.differ(f"{what}, entries", f"{number} files", f"{doubled} more", "announced more than once")
    _compare_files(part, what, value, shown, content)
    for file in files:
        if file["fileType"] == "mask":
            part.check(f"{what}, {file['fileName']}", file["fileSize"], content.pluto.size(file["url"]), "content")
    captions = value.get("captions") if kind in LISTS else [one.get("caption") for one in entries]
    _check_sorted(part, f"{what}, captions", captions or [], [file["caption"] for file in shown])
    _compare_annotations(part, what, entries, shown, files, content)


def _compare_files(part: Part, what: str, value: Any, files: list[dict[str, Any]], content: Content) -> None:
    """Compare the objects of a medium with their entries, and with wandb's files where they are the same bytes."""
    kind = kind_of(value)
    for file in files:
        part.check(f"{what}, {file['fileName']}", file["fileSize"], content.pluto.size(file["url"]), "content")
    paths = value.get("filenames", [value.get("path")]) if isinstance(value, dict) else []
    here = [content.local(path) for path in paths if path]
    if kind not in SAME_BYTES or None in here or len(here) != len(files):
        return
    own = [content.of_file(path) for path in here if path is not None]
    _check_sorted(part, f"{what}, content", own, [content.stored(file) for file in files], "content")


def _check_sorted(part: Part, what: str, wandb: list[Any], pluto: list[Any], how: Any = "value") -> None:
    """Compare two lists whose order a server does not keep; None counts as nothing."""
    sides = [sorted((one for one in side if one is not None), key=str) for side in (wandb, pluto)]
    if any(sides):
        part.check_pair(what, sides, how)


def _compare_annotations(
    part: Part, what: str, entries: Any, shown: list[dict[str, Any]], files: list[dict[str, Any]], content: Content
) -> None:
    value = entries[0] if len(entries) == 1 else {}
    boxes: list[Any] = []
    layers: list[str] = []
    for item in [value, *_separate(value)]:
        for layer, one in (item.get("boxes") or {}).items():
            path = content.local(one.get("path", ""))
            boxes.append({layer: json.loads(path.read_bytes())} if path else {layer: None})
        layers += item.get("masks") or {}
    notes = [json.loads(file["annotations"]) for file in shown if file.get("annotations")]
    there = [{layer: one} for note in notes for layer, one in (note.get("boxes") or {}).items()]
    if any(None in one.values() for one in boxes):
        part.check(f"{what}, boxes", len(boxes), len(there), "count")
    else:
        _check_sorted(part, f"{what}, boxes", [_canonical(one) for one in boxes], [_canonical(one) for one in there])
    masks = [layer for note in notes for layer in note.get("masks") or {}]
    _check_sorted(part, f"{what}, masks", layers, masks, "count")
    if layers:
        here = sum(file["fileType"] == "mask" for file in files)
        part.check(f"{what}, files of masks", len(layers), here, "count")


def _separate(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return boxes and masks of a list of images as one dict for each image and kind."""
    found = [{"boxes": one} for one in value.get("all_boxes") or [] if one]
    return found + [{"masks": one} for one in value.get("all_masks") or [] if one]


def _canonical(document: Any) -> str:
    return json.dumps(document, sort_keys=True)


def compare_files(recorded: RecordedRun, content: Content, loose: str) -> Part:
    """Compare the files that the script saved, or left in the run's folder: presence, size or digest."""
    part = Part()
    saved = list(recorded.files)
    for folder in content.folders:
        for file in sorted(folder.rglob("*")):
            name = file.relative_to(folder).as_posix()
            wandbs_own = name in OWN_FILES or name.startswith(("media/", "code/", "tmp/")) or name == "diff.patch"
            if file.is_file() and not wandbs_own and name not in saved:
                saved.append(name)
    if loose:
        names = (name.removeprefix("save/") for name in content.listed if name.startswith("save/"))
        folders = [
            sorted(str(PurePosixPath(path).parent) for path in paths if re.fullmatch(loose, path))
            for paths in (saved, names)
        ]
        part.check_pair(
            loose, (f"{len(found)} files in {', '.join(found) or 'no folder'}" for found in folders), "count"
        )
        saved = [path for path in saved if not re.fullmatch(loose, path)]
    known = set()
    for path in saved:
        keys = {file_key("save", path)[0], old_file_key("save", path)}
        known |= keys
        entries = [file for key in keys for file in content.listed.get(key, [])]
        part.check(path, "saved", "saved" if entries else ABSENT, "name" if not entries else "count")
        if not entries:
            continue
        newest = entries[-1]
        part.check(f"{path}, object", newest["fileSize"], content.pluto.size(newest["url"]), "content")
        if (local := content.local(path)) is None:
            continue
        if local.stat().st_mtime <= timestamp(newest["time"]):
            part.check(f"{path}, content", content.of_file(local), content.stored(newest), "content")
        elif content.of_file(local) != content.stored(newest):
            part.skip("saved files that were changed here after they had been sent")
    for key in content.listed:
        if key.startswith("save/") and key not in known and not (loose and re.fullmatch(loose, key[len("save/") :])):
            part.differ(key.removeprefix("save/"), ABSENT, "saved")
    return part


def timestamp(text: str) -> float:
    """Return a time of the server, in UTC, as seconds since the epoch."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def compare_artifacts(recorded: RecordedRun, content: Content, loose: str, *, online: bool = False) -> Part:
    """Compare the versions of artifacts: digest, type, aliases, description, metadata, and each file.

    Args:
        recorded: wandb's record; that of an online run has no artifacts, which are then not comparable.
        content: both sides.
        loose: regular expression for names of which the number of versions is compared only.
        online: whether wandb has sent the run itself.
    """
    part = Part(loose=loose)
    published = content.pluto.about.get("artifacts") or {}
    there = {name: _versions(entries) for name, entries in published.items()}
    expected: dict[str, list[Artifact]] = {}
    for artifact in recorded.artifacts:
        if artifact.type not in INTERNAL:
            expected.setdefault(artifact.name, []).append(artifact)
    if online and not expected:
        part.skip("wandb's record of an online run has no artifacts", sum(map(len, there.values())))
        return part
    for name in sorted({*expected, *there}):
        ours, theirs = expected.get(name, []), there.get(name, [])
        if not theirs or not ours or (loose and re.fullmatch(loose, name)):
            counts = [f"{len(one)} versions" if one else ABSENT for one in (ours, theirs)]
            part.check_pair(name, counts, "count")
            continue
        if not content.same_run:
            part.check(name, len(ours), len(theirs), "count")
            continue
        digests = [list(dict.fromkeys(one.digest for one in side)) for side in (ours, theirs)]
        part.check_pair(name, digests, "content")
        for artifact in ours:
            if (entry := next((one for one in theirs if one.digest == artifact.digest), None)) is not None:
                _compare_version(part, f"{name} {artifact.digest[:8]}", artifact, entry, content)
    return part


def _versions(entries: Any) -> list[Entry]:
    found = Entry.all_of({key: text for key, text in entries.items() if isinstance(text, str)})
    return sorted((one for one in found if one.part is None and not one.whole), key=lambda one: (one.order, one.time))


def _compare_version(part: Part, what: str, artifact: Artifact, entry: Entry, content: Content) -> None:
    part.check(f"{what}, type", artifact.type, entry.type)
    aliases = [{*side} - {LATEST} for side in (artifact.aliases, entry.aliases)]
    part.check_pair(f"{what}, aliases", map(sorted, aliases))
    manifest = content.pluto.document(entry.run, entry.key, entry.manifest)
    if manifest is None:
        part.check(f"{what}, manifest", "manifest", ABSENT, "content")
        return
    about = {**manifest.get("artifact", {}), **entry.changes}
    part.check(f"{what}, description", artifact.description or None, about.get("description") or None)
    part.check(f"{what}, metadata", artifact.metadata or {}, about.get("metadata") or {})
    contents = manifest.get("contents", {})
    if not artifact.entries and contents:
        part.skip("wandb's record lacks large manifests", len(contents))
    else:
        theirs = {path: (one.get("digest"), one.get("size", 0)) for path, one in contents.items()}
        for path in sorted({*artifact.entries, *theirs}):
            sides = [list(side[path]) if path in side else ABSENT for side in (artifact.entries, theirs)]
            part.check_pair(f"{what}, {path}", sides, "content")
    for path, one in sorted(contents.items()):
        if "key" in one:
            _compare_object(part, f"{what}, {path}, object", one, entry, content)


def _compare_object(part: Part, what: str, one: Mapping[str, Any], entry: Entry, content: Content) -> None:
    """Compare the object of one file of an artifact with the manifest."""
    url = content.pluto.url(one.get("run", entry.run), one["key"], one["file"])
    part.check(what, one.get("size", 0), ABSENT if url is None else content.pluto.size(url), "content")
    digest = str(one.get("digest"))
    if content.whole and url is not None and re.fullmatch(r"[A-Za-z0-9+/]{22}==", digest):
        part.check(f"{what}, MD5", digest, content.pluto.digest(url, "md5"), "content")
