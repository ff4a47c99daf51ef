"""A distribution `wandb` without modules, so that resolvers and `pip check` are satisfied without the real one."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import shutil
import sysconfig
import zipfile
from pathlib import Path

from wandb_compat.import_hook.distribution import VERSION

MARK = "made by wandb-compat shim"
RELEASE = f"{VERSION}+compat"  # the local label tells it from wandb's own release
_FOLDER = f"wandb-{RELEASE}.dist-info"
_FILES = {
    "METADATA": f"Metadata-Version: 2.1\nName: wandb\nVersion: {RELEASE}\nSummary: Stand-in {MARK}\n"
    "Requires-Dist: wandb-compat\n",
    "WHEEL": "Wheel-Version: 1.0\nGenerator: wandb-compat\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "entry_points.txt": "[console_scripts]\nwandb = wandb.cli.cli:cli\n",
}


def build_wheel(folder: Path) -> Path:
    """Write the distribution as a wheel, for a private package index, and return its path.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"wandb-{RELEASE}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, text in {**_FILES, "RECORD": _record({})}.items():
            wheel.writestr(zipfile.ZipInfo(f"{_FOLDER}/{name}"), text)  # without a time: the same wheel each time
    return path


def install(script: Path) -> Path:
    """Install the distribution into this environment, and return its folder.

    Args:
        script: the command `wandb`, which `pip uninstall wandb` then removes as well.

    Raises:
        OSError: the environment cannot be written.
    """
    site = Path(sysconfig.get_path("purelib"))
    folder = site / _FOLDER
    folder.mkdir()
    extra = {_relative(script, site): script.read_bytes(), f"{_FOLDER}/INSTALLER": b"wandb-compat\n"}
    for name, text in {**_FILES, "INSTALLER": "wandb-compat\n", "RECORD": _record(extra)}.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder


def find() -> Path | None:
    """Return the folder of the stand-in in this environment, also of one that was installed from its wheel."""
    found = Path(sysconfig.get_path("purelib")).glob("wandb-*.dist-info/METADATA")
    return next((path.parent for path in found if MARK in path.read_text(encoding="utf-8", errors="replace")), None)


def remove() -> bool:
    """Remove the stand-in and its command from this environment; return whether it was there.

    Raises:
        OSError: the environment cannot be written.
    """
    folder = find()
    if folder is None:
        return False
    record = folder / "RECORD"
    for name, *_ in csv.reader(record.read_text(encoding="utf-8").splitlines()) if record.exists() else ():
        (folder.parent / name).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    return True


def _record(extra: dict[str, bytes]) -> str:
    """Return the list of installed files; `extra` are those that a wheel does not contain, by path."""
    output = io.StringIO()
    lines = csv.writer(output, lineterminator="\n")
    for path, content in {**{f"{_FOLDER}/{name}": text.encode() for name, text in _FILES.items()}, **extra}.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.writerow((path, f"sha256={digest}", len(content)))
    lines.writerow((f"{_FOLDER}/RECORD", "", ""))
    return output.getvalue()


def _relative(path: Path, site: Path) -> str:
    return Path(os.path.relpath(path, site)).as_posix()
