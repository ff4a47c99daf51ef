"""What names, types, aliases, tags, metadata and paths of artifacts may look like, with wandb's exceptions."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterable
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Any

from wandb_compat.convert.json_values import strict_json_value

NAME_LIMIT = 128  # characters of a name or type
METADATA_LIMIT = 100  # keys of the metadata
_NAME = re.compile(r"[a-zA-Z0-9_\-.]+\n?")  # the line break is wandb's slip
_TAG = re.compile(r"[-\w]+( +[-\w]+)*\n?")
# Types that wandb's own artifacts have, and how the names of these begin.
_RESERVED = {"job": "", "run_table": "run-", "code": "source-"}


def check_name(name: str) -> str:
    """Return an artifact's name.

    Raises:
        ValueError: it has characters or a length that wandb does not take.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            "Artifact name may only contain alphanumeric characters, dashes, underscores, and dots. "
            f"Invalid name: {name!r}"
        )
    if len(name) > NAME_LIMIT:
        raise ValueError(f"Artifact name is longer than {NAME_LIMIT} characters: {name[:NAME_LIMIT] + ' ...'!r}")
    return name


def check_type(type: str, name: str) -> str:
    """Return an artifact's type.

    Raises:
        ValueError: it is one of wandb's own.
    """
    prefix = _RESERVED.get(type)
    if type.startswith("wandb-") or (prefix is not None and name.startswith(prefix)):
        raise ValueError(f"Artifact type {type!r} is reserved for internal use. Please use a different type.")
    return type


def check_aliases(aliases: Iterable[str] | str) -> list[str]:
    """Return aliases as a list.

    Raises:
        ValueError: one has a `/` or `:`.
    """
    found = [aliases] if isinstance(aliases, str) else list(aliases)
    if any(set("/:") & set(alias) for alias in found):
        raise ValueError("Aliases must not contain any of the following characters: '/', ':'")
    return found


def check_tags(tags: Iterable[str] | str) -> list[str]:
    """Return tags as a list, each once.

    Raises:
        ValueError: one has other characters than letters, digits, hyphens, underscores and blanks between them.
    """
    found = list(dict.fromkeys([tags] if isinstance(tags, str) else tags))
    if not all(map(_TAG.fullmatch, found)):
        raise ValueError(
            "Invalid tag(s).  Tags must only contain alphanumeric characters separated by hyphens, underscores, "
            "and/or spaces."
        )
    return found


def check_metadata(metadata: dict[str, Any] | str | None) -> dict[str, Any]:
    """Return a copy of the metadata as JSON would give it back; NaN becomes None.

    Raises:
        TypeError: it is not a dict, or holds an object that JSON has no form for.
        ValueError: it has over a hundred keys, or an infinite number.
    """
    if metadata is None or metadata == "":
        return {}
    if isinstance(metadata, str):
        return check_metadata(json.loads(metadata))
    if not isinstance(metadata, dict):
        raise TypeError(f"Cannot parse {type(metadata)} as artifact metadata")
    plain: dict[str, Any] = json.loads(json.dumps(_without_nan(strict_json_value(metadata)), allow_nan=False))
    if len(plain) > METADATA_LIMIT:
        raise ValueError(f"Artifact must not have more than {METADATA_LIMIT} metadata keys.")
    return plain


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and value != value else value


def logical_path(path: str | os.PathLike[str] | bytes) -> str:
    """Return a path inside of an artifact in its one spelling, with slashes."""
    if isinstance(path, PurePath):
        return str(PurePosixPath(path.as_posix()))
    text = os.fsdecode(path)
    if platform.system() == "Windows":
        text = text.replace("\\", "/")
    return str(PurePosixPath(text))


def check_path(path: str | os.PathLike[str]) -> str:
    """Return a path inside of an artifact.

    Raises:
        ValueError: it is absolute, leads out of the artifact, or is empty.
    """
    found = logical_path(path)
    for kind in (PurePosixPath(found), PureWindowsPath(os.fspath(path))):
        if found == "." or kind.root or ".." in kind.parts:  # a drive as in `a:b` is part of a name elsewhere
            raise ValueError(f"Invalid artifact path: {path!r}")
    return found


def resolve_aliases(aliases: Iterable[str] | str | None) -> list[str]:
    """Return the aliases of an artifact that is logged; without any it is the latest."""
    return check_aliases(aliases) if aliases else ["latest"]
