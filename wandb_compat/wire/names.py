"""Names and tags as a Pluto server stores them."""

from __future__ import annotations

import re

from wandb_compat.config.limits import NAME_LIMIT, TAG_LIMIT
from wandb_compat.wire.text import clean_text

LOG_KEY_LIMIT = 1000  # bytes of a log name; a server's index takes about 2,700
FILE_KEY_LIMIT = 400  # bytes of the log name of a file: with project and file name, an object's key has 1,024 at most
FILE_KEY_PART_LIMIT = 200  # bytes between two slashes of it; some stores take 255
_UNPRINTABLE = re.compile(r"[^ -~]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What Pluto's clients measure of a machine, as in `sys/cpu.pct.0`; each host of a job has `sys/rank8/` in front.
_MACHINE_METRIC = re.compile(
    r"sys/(rank\d+/)?("
    r"cpu\.pct\.\d+|(mem|disk)\.(used|active)|net\.bytes_\w+(\.rate)?|ib\..+\.\d+\.\w+(\.rate)?"
    r"|gpu\.\d+\..+\.(utilization|memory\.used|memory\.utilization|power))"
)
_NO_PART = {"": "-", ".": "-", "..": "--"}  # parts of a path that clients and stores remove, and what is written


def log_key(key: str) -> str:
    """Return a logged key as it is stored: as written, unless a server cannot store it.

    A blank key becomes `-`, text that is refused becomes U+FFFD, and a key over LOG_KEY_LIMIT ends with a hash.
    """
    stored = clean_text(key)
    if not stored.strip():
        return "-"
    return stored if len(stored.encode()) <= LOG_KEY_LIMIT else f"{_cut(stored, LOG_KEY_LIMIT - 13)}~{_hash(key)}"


def is_machine_metric(name: str) -> bool:
    """Whether a metric of this name is a sample of the machine; other names in `sys/` are a script's."""
    return name.startswith("sys/") and _MACHINE_METRIC.fullmatch(name) is not None


def file_log_key(key: str) -> str:
    """Return the log name of files that were logged under a key, which becomes a part of their path in a store.

    Like `log_key`, but parts that are empty, `.` or `..`, control characters and long parts are written otherwise;
    such a key ends with a hash, so that different keys never meet.
    """
    parts = [_file_part(part) for part in log_key(key).split("/")]
    stored = "/".join(parts)
    if stored == key and len(stored.encode()) <= FILE_KEY_LIMIT:
        return stored
    return f"{_cut(stored, FILE_KEY_LIMIT - 13)}~{_hash(key)}"


def _file_part(part: str) -> str:
    return _cut(_CONTROL.sub("-", _NO_PART.get(part, part)), FILE_KEY_PART_LIMIT - 13)


def _cut(text: str, limit: int) -> str:
    """Return as many characters of a text as have `limit` bytes at most."""
    return text.encode()[:limit].decode(errors="ignore")


def _hash(text: str, digits: int = 12) -> str:
    import hashlib  # takes milliseconds, and few keys need it

    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:digits]


def project_name(name: str) -> str:
    """Return the name under which a server stores a project. It travels in a header, so it is printable ASCII.

    A name that is not, or that is too long, ends with a hash, so that different names never meet. So does one with
    parts that are empty, `.` or `..`: the path of the project's files in a store begins with it.
    """
    if name == old_project_name(name) and _NO_PART.keys().isdisjoint(name.split("/")):
        return name
    import unicodedata

    ascii_letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^A-Za-z0-9_.]+", "-", ascii_letters).strip("-") or "project"
    return f"{readable[: NAME_LIMIT - 9]}-{_hash(name, 8)}"


def has_hash(project: str) -> bool:
    """Whether a project's name may be one that `project_name` has changed."""
    return re.search(r"-[0-9a-f]{8}$", project) is not None


def run_name(name: str) -> str:
    """Return the name under which a server stores a run: clean text of 255 characters at most."""
    return clean_text(name).strip()[:NAME_LIMIT].strip() or "-"


def old_key(key: str) -> str:
    """Return a key as earlier releases stored it: every character outside printable ASCII was `-`."""
    key = _UNPRINTABLE.sub("-", key)
    return key if key.strip() else "-"


def stored_keys(key: str) -> list[str]:
    """Return the names under which a server may have what was logged under a key, the likeliest first."""
    return list(dict.fromkeys((log_key(key), file_log_key(key), old_key(key))))


def old_project_name(name: str) -> str:
    """Return the name under which earlier releases stored a project or a run."""
    return old_key(name).strip()[:NAME_LIMIT].strip()


def stored_tags(given: list[str]) -> list[str]:
    """Return tags as the server takes them: each once, 50 at most, one `group:` at most, the last one."""
    groups = [tag for tag in given if tag.startswith("group:")]
    kept = [tag for tag in dict.fromkeys(given) if tag not in groups[:-1]]
    if len(kept) > TAG_LIMIT and groups:  # the group is worth more than a fiftieth tag
        kept = [*[tag for tag in kept if tag != groups[-1]][: TAG_LIMIT - 1], groups[-1]]
    return kept[:TAG_LIMIT]
