"""The folder of a run on disk: `wandb/run-<time>-<id>/{files,logs,tmp,run-<id>.wandb}` and the link `latest-run`."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import NoneType
from typing import Any

from wandb._native.run.run_settings import RunSettings
from wandb.errors.term import termwarn
from wandb_compat.spool.bounded import bounded

_PLAIN_YAML = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")  # texts that need no quotes, unless they are one of…
# Characters that YAML takes as line breaks, or does not take at all.
_YAML_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_YAML_WORDS = {"y", "yes", "n", "no", "true", "false", "on", "off", "null"}


def temporary_root() -> str:
    """Return the directory for runs whose own cannot be written; no other user can enter it."""
    from wandb_compat.spool.process_registry import private_directory

    return str(private_directory("runs"))


def make(settings: RunSettings) -> Path:
    """Make the folder of a run and return it; `settings.root_dir` changes when it has to be elsewhere.

    Raises:
        OSError: not even the folder for temporary files can be written.
    """
    try:
        home = _make(settings)
    except OSError as error:
        termwarn(
            f"Path {settings.wandb_dir} cannot be written ({error.strerror or error}); using {temporary_root()}. "
            "Name another folder with `dir=` or WANDB_DIR."
        )
        settings.root_dir = temporary_root()
        home = _make(settings)
    if settings.symlink:
        _link(home)
    return home


def _make(settings: RunSettings) -> Path:
    suffix = 0
    while True:
        home = Path(settings.sync_dir)
        try:
            home.mkdir(parents=True)
            break
        except FileExistsError:  # a run of the same id began within the same second
            if not home.is_dir():
                raise
            suffix += 1
            settings.x_sync_dir_suffix = str(suffix)
    for name in ("files", "logs", "tmp"):
        (home / name).mkdir()
    Path(settings.files_dir).mkdir(parents=True, exist_ok=True)
    return home


def _link(home: Path) -> None:
    """Point `latest-run` to the folder; without links on the file system none exists."""
    fresh = home.parent / f"latest-run.{os.getpid()}"
    with contextlib.suppress(OSError):
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(home.name, target_is_directory=True)
        fresh.replace(home.parent / "latest-run")


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON file; a failure is a warning only, as the file repeats what the journal holds."""
    _write(path, lambda: json.dumps(bounded(document), indent=2, default=str) + "\n")


def write_config(path: Path, config: Mapping[str, Any]) -> None:
    """Write a configuration as wandb's `config.yaml`, `key: {value: …}`."""
    document = {"wandb_version": 1, **{key: {"value": value} for key, value in config.items()}}
    _write(path, lambda: "".join(_yaml_lines(bounded(document), "")))


def _yaml_lines(value: Any, indent: str) -> Iterator[str]:
    """Yield YAML of a JSON document. The yaml package would be imported at the end of a run, where signals come."""
    entries = value.items() if isinstance(value, dict) else ((None, inner) for inner in value)
    for key, inner in entries:
        lead = f"{indent}{'-' if key is None else _yaml_scalar(str(key)) + ':'}"
        if isinstance(inner, (dict, list)) and inner:
            yield f"{lead}\n"
            yield from _yaml_lines(inner, f"{indent}  ")
        else:
            yield f"{lead} {_yaml_scalar(inner)}\n"


def _yaml_scalar(value: Any) -> str:
    if isinstance(value, float):
        if not math.isfinite(value):
            return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
        text = repr(value)
        return text.replace("e", ".0e") if "e" in text and "." not in text else text
    if isinstance(value, str) and _PLAIN_YAML.fullmatch(value) and value.lower() not in _YAML_WORDS:
        return value
    text = json.dumps(value if isinstance(value, (str, int, list, dict, NoneType)) else str(value), ensure_ascii=False)
    return _YAML_ESCAPED.sub(lambda match: f"\\U{ord(match[0]):08x}", text)


def _write(path: Path, text: Callable[[], str]) -> None:
    try:
        path.write_text(text(), encoding="utf-8", errors="replace")
    except Exception as error:
        termwarn(f"{path.name} cannot be written: {error}", repeat=False)
