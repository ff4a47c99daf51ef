"""The checks of `wandb-compat doctor`: packages, active wandb, key, server."""

from __future__ import annotations

import importlib.metadata
import json
import netrc
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

import click

from wandb_compat._version import __version__
from wandb_compat.cli import shim
from wandb_compat.cli.native_process import run_native
from wandb_compat.cli.stand_in import MARK
from wandb_compat.config import credentials
from wandb_compat.config.settings import Settings
from wandb_compat.dual.install import MISSING_KEY
from wandb_compat.import_hook.switch import dropin_root
from wandb_compat.system import disk_check
from wandb_compat.wire.client import Client
from wandb_compat.wire.endpoints import Endpoints, resolve
from wandb_compat.wire.errors import EndpointError, WireError
from wandb_compat.wire.reach import reach

WANDB_URL = "https://api.wandb.ai"
WANDB_KEY_VARIABLES = ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE")
PROBE_TIMEOUT = 120  # seconds: the real wandb may be on a slow network file system

# Run by a new interpreter in the working directory: a script there may get a different wandb than this process.
PROBE = """
import json, sys
from importlib.machinery import PathFinder

result = {
    "startup": any(type(one).__module__ == "wandb_compat.startup" for one in sys.meta_path),
    "hook": any(type(one).__module__ == "pluto._wandb_hook" for one in sys.meta_path),
}
found = [PathFinder.find_spec("wandb", [entry]) for entry in sys.path]
result["copies"] = [spec.origin for spec in found if spec and spec.loader]
try:
    import wandb
    result["wandb"] = {"version": wandb.__version__, "file": wandb.__file__}
except Exception as error:
    result["error"] = f"{type(error).__name__}: {error}"
from wandb_compat.import_hook import mode
result["mode"], result["reason"] = mode.current()
print("\\n" + json.dumps(result))
"""


class Finding(NamedTuple):
    """One line of the report; a `problem` makes the exit code 1, a `note` does not."""

    level: Literal["ok", "note", "problem"]
    text: str


def show_api() -> None:
    """Print every public name with its level."""
    for heading, rows in json.loads(run_native("wandb._native.support_table")).items():
        click.echo(f"\n{heading}")
        for name, level, how in rows:
            click.echo(f"  {level:<9} {name:<40} {how}".rstrip())


def examine() -> Iterator[Finding]:
    """Yield the findings, the most general first."""
    settings, complaints = Settings.read()
    yield Finding("ok", f"wandb-compat {__version__}, Python {platform.python_version()} at {sys.executable}")
    yield from _packages()
    result = _probe()
    yield from _wandb_key(result)
    yield from _wandb(result)
    for complaint in complaints:
        yield Finding("problem", complaint)
    for variable, mode in (("PLUTO_MODE", settings.pluto_mode), ("WANDB_MODE", settings.wandb_mode)):
        if mode and mode != "online":
            yield Finding("note", f"{variable}={mode}: runs are not uploaded while they run")
    yield _run_directories(settings.root() / "wandb")
    credential = credentials.find(wandb_disabled=result.get("mode") == "pluto")
    key = credential.reveal() if credential else None
    if credential is None:
        yield Finding("problem", f"no Pluto key was found: {credentials.HINT}")
    elif key is None:
        yield Finding("problem", f"the Pluto key in {credential.source} cannot be read: run `wandb-compat login` again")
    else:
        yield Finding("ok", f"Pluto key found in {credential.source}")
        if not key.startswith(credentials.TOKEN_PREFIXES):
            prefixes = " or ".join(credentials.TOKEN_PREFIXES)
            yield Finding(
                "problem", f"the value of {credential.source} is not a Pluto key: Pluto keys begin with {prefixes}"
            )
            key = None
    try:
        endpoints = resolve(settings.urls)
    except EndpointError as error:
        yield Finding("problem", str(error))
    else:
        yield from _server(endpoints, key)


def _run_directories(folder: Path) -> Finding:
    """Return where run directories will be, and what that disk lacks."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    try:
        missing = disk_check.missing_features(existing)
    except OSError as error:
        return Finding(
            "note",
            f"{folder} cannot be written ({error.strerror or error}): runs are kept among the temporary files; set"
            " WANDB_DIR to another directory",
        )
    if missing:
        return Finding("note", f"runs are kept in {folder}, on a disk without {', '.join(missing)}: that is supported")
    return Finding("ok", f"runs are kept in {folder}")


def _packages() -> Iterator[Finding]:
    """Yield the versions of required packages, and which extras are complete."""
    if shim.is_offered():
        yield Finding("note", shim.OFFER)
    for name in ("pluto-ml", "wandb"):
        found, label = (_real(), "the real wandb") if name == "wandb" else (_version(name), name)
        text = f"{label} {found}" if found else f"{label} is not installed"
        yield Finding("problem" if name == "pluto-ml" and not found else "ok", text)
    try:
        requirements = importlib.metadata.requires("wandb-compat") or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding("note", "wandb-compat is not installed here, this is a checkout")
        return
    extras: dict[str, list[str]] = {}
    for requirement in requirements:
        if match := re.match(r"([\w.-]+).*extra == ['\"]([\w-]+)['\"]", requirement):
            extras.setdefault(match[2], []).append(match[1])
    for extra, names in extras.items():
        missing = [name for name in names if not (_real() if name == "wandb" else _version(name))]
        state = f"lacks {', '.join(missing)}" if missing else "is installed"
        yield Finding("ok", f"extra `{extra}` {state}")


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _real() -> str | None:
    """Return the version of the real wandb, if it is installed; a search by name would find ours too."""
    for found in importlib.metadata.distributions():
        stand_in = "Summary" in found.metadata and MARK in found.metadata["Summary"]
        if (found.metadata["Name"] or "").lower() == "wandb" and not stand_in:
            return found.version
    return None


def _wandb(result: dict[str, Any]) -> Iterator[Finding]:
    """Yield what `import wandb` gives a script that is started in this directory."""
    off = result.get("mode") == "off"
    if "mode" in result:
        yield Finding("problem" if off else "ok", f"{result['mode']} mode: {result['reason']}")
    if wandb := result.get("wandb"):
        yield Finding("ok", f"`import wandb` gives version {wandb['version']} at {wandb['file']}")
    else:
        yield Finding("problem", f"`import wandb` fails here: {result['error']}")
    if not result.get("startup") and not off:
        yield Finding(
            "note",
            "the start-up file wandb_compat.pth is not read here: start scripts with `wandb-compat run -- python …`",
        )
    if result.get("hook") and not off:
        yield Finding(
            "problem",
            "the start-up hook of pluto-ml is active and may send values a second time: install wandb-compat with pip "
            "into this environment, so that its start-up file disables the hook",
        )
    ours = Path(dropin_root(), "wandb", "__init__.py")
    others = [
        copy
        for copy in result.get("copies", ())
        if Path(copy) not in (ours, Path(result.get("wandb", {}).get("file", "")))
    ]
    if others:
        yield Finding("note", f"not imported, though they are called wandb: {', '.join(others)}")


def _wandb_key(result: dict[str, Any]) -> Iterator[Finding]:
    """Yield a problem when dual mode is active and the real wandb has no key: `wandb.init` will raise."""
    offline = os.environ.get("WANDB_MODE", "") in ("offline", "disabled", "dryrun")
    if result.get("mode") != "dual" or offline or any(map(os.environ.get, WANDB_KEY_VARIABLES)):
        return
    host = urlsplit(os.environ.get("WANDB_BASE_URL") or WANDB_URL).hostname or ""
    files = [os.environ.get("NETRC") or "~/.netrc", "~/_netrc"]
    for path in (Path(file).expanduser() for file in files):
        try:
            if path.is_file() and host in netrc.netrc(path).hosts:
                return
        except (OSError, netrc.NetrcParseError):
            continue
    yield Finding("problem", MISSING_KEY)


def _probe() -> dict[str, Any]:
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PROBE_TIMEOUT,
        )
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"error": f"no answer within {PROBE_TIMEOUT} s"}
    except (ValueError, IndexError):
        last = done.stderr.strip().rpartition("\n")[2]
        return {"error": last or f"the interpreter ended with {done.returncode}"}
    return result


def _server(endpoints: Endpoints, key: str | None) -> Iterator[Finding]:
    """Yield whether each host answers, and whether the server accepts the key."""
    away = set()
    for host in endpoints.hosts():
        try:
            reach(host)
        except WireError as error:
            away.add(host)
            yield Finding("problem", str(error))
        else:
            yield Finding("ok", f"{host} can be reached")
    if key is not None and endpoints.api not in away:
        try:
            organisation = Client(endpoints, key).check()
        except WireError as error:
            yield Finding("problem", str(error))
        else:
            yield Finding("ok", f"{endpoints.api} accepts the key" + (f" ({organisation})" if organisation else ""))
