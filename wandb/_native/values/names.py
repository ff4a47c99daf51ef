"""Names, ids and addresses: what an artifact, a file or a page may be called, and the parts of their URLs."""

from __future__ import annotations

import os
import random
import re
import secrets
import string
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from wandb._native.types import Artifact

_NAME_LIMIT = 128  # characters of an artifact's name
_ARTIFACT = "wandb-artifact://"


def make_artifact_name_safe(name: str) -> str:
    """Return a name with everything that an artifact's name may not have replaced by `_`, 128 characters at most."""
    safe = re.sub(r"[^a-zA-Z0-9_\-.]", "_", name)
    if len(safe) <= _NAME_LIMIT:
        return safe
    half = _NAME_LIMIT // 2 - 1
    return f"{safe[:half]}..{safe[-half:]}"


def make_file_path_upload_safe(path: str) -> str:
    """Return a path of this system as one of a URL."""
    return to_forward_slash_path(path)


def rand_alphanumeric(length: int = 8, rand: Any = None) -> str:
    """Return random upper-case hexadecimal digits."""
    return "".join((rand or random).choice("0123456789ABCDEF") for _ in range(length))


def random_string(length: int = 12) -> str:
    """Return random lower-case letters and digits."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(length))


def auto_project_name(program: str | None) -> str:
    """Return the project of runs that name none."""
    return "uncategorized"


def alias_is_version_index(alias: str) -> bool:
    """Whether an alias is a version, such as `v3`."""
    return re.fullmatch(r"v\d+", alias) is not None


def parse_artifact_string(v: str) -> tuple[str, str | None, bool]:
    """Return name or id of an artifact, its server, and whether it is an id, of a `wandb-artifact://` address.

    Raises:
        ValueError: it is another address.
    """
    if not v.startswith(_ARTIFACT):
        raise ValueError(f"Invalid artifact string: {v}")
    rest = v.removeprefix(_ARTIFACT)
    base = None
    if found := re.match(r"(https?://[^/]+)/(.+)", rest):
        base, rest = found[1], found[2]
    if rest.startswith("_id/"):
        return rest.removeprefix("_id/"), base, True
    if rest.count("/") != 2:
        raise ValueError(f"Invalid artifact string: {v}")
    return rest, base, False


def artifact_to_json(artifact: Any) -> dict[str, Any]:
    """Return how the configuration names an artifact."""
    return {
        "_type": "artifactVersion",
        "_version": "v0",
        "id": artifact.id,
        "version": artifact.source_version,
        "sequenceName": artifact.source_name.split(":")[0],
        "usedAs": artifact.use_as,
    }


def check_dict_contains_nested_artifact(d: Mapping[str, Any], nested: bool = False) -> bool:
    """Whether an artifact is below the first level of a dict."""
    for value in d.values():
        if isinstance(value, Mapping):
            if check_dict_contains_nested_artifact(value, nested=True):
                return True
        elif nested and (isinstance(value, Artifact) or (isinstance(value, str) and value.startswith(_ARTIFACT))):
            return True
    return False


def is_uri(string: str) -> bool:
    """Whether a text begins with a scheme such as `s3://`."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.\-]+://", string) is not None


def host_from_path(path: str | None) -> str:
    """Return the host of a URL."""
    return urlsplit(path or "").netloc


def uri_from_path(path: str | None) -> str:
    """Return the path of a URL without its first slash."""
    return urlsplit(path or "").path.removeprefix("/")


def local_file_uri_to_path(uri: str) -> str:
    """Return the path that a `file:` URL names; a path stays as it is."""
    return unquote(urlsplit(uri).path) if uri.startswith("file:") else uri


def get_local_path_or_none(path_or_uri: str) -> str | None:
    """Return a path, or that of a `file:` URL, or None for other URLs."""
    if is_uri(path_or_uri) and not path_or_uri.startswith("file:"):
        return None
    if path_or_uri.startswith("file:") and urlsplit(path_or_uri).netloc not in ("", "localhost"):
        return None  # a file of another machine
    return local_file_uri_to_path(path_or_uri)


def to_forward_slash_path(path: str) -> str:
    """Return a path of this system with `/`."""
    return path.replace("\\", "/") if os.name == "nt" else path


def to_native_slash_path(path: str) -> str:
    """Return a path with this system's separator."""
    return path.replace("/", os.sep)


def check_windows_valid_filename(path: int | str) -> bool:
    """Whether Windows takes a file name."""
    return not re.search(r'[<>:"\\?*]', str(path))


def api_to_app_url(api_url: str) -> str:
    """Return the URL of the server's pages for its API's URL: WANDB_APP_URL, else with the host `app.` for `api.`."""
    return os.environ.get("WANDB_APP_URL", api_url.replace("://api.", "://app.", 1)).rstrip("/")
