"""The folder of a run on disk: `wandb/run-<time>-<id>/{files,logs,tmp,run-<id>.wandb}` and the link `latest-run`."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wandb.errors.term import termwarn
from wandb.sdk.wandb_settings import Settings, temporary_root


def make(settings: Settings) -> Path:
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


def _make(settings: Settings) -> Path:
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
    """Write a JSON file; one that cannot be written causes a warning, not an exception: it only repeats what
    the journal holds."""
    _write(path, lambda: json.dumps(document, indent=2, default=str) + "\n")


def write_config(path: Path, config: Mapping[str, Any]) -> None:
    """Write a configuration as wandb's `config.yaml`, `key: {value: …}`."""
    import yaml

    document = {"wandb_version": 1, **{key: {"value": value} for key, value in config.items()}}
    _write(path, lambda: yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def _write(path: Path, text: Any) -> None:
    try:
        path.write_text(text(), encoding="utf-8", errors="replace")
    except (OSError, ValueError) as error:
        termwarn(f"{path.name} cannot be written: {error}", repeat=False)
