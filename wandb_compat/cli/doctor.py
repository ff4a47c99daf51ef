"""`wandb-compat doctor`: which wandb is active and why, and whether runs would reach a Pluto server."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import click

from wandb_compat._version import __version__
from wandb_compat.config import credentials
from wandb_compat.config.settings import Settings
from wandb_compat.import_hook.switch import dropin_root
from wandb_compat.wire.client import Client, reach
from wandb_compat.wire.endpoints import Endpoints, resolve
from wandb_compat.wire.errors import EndpointError, WireError

PROBE_TIMEOUT = 120  # seconds: the real wandb may lie on a cold network file system

# Told by a fresh interpreter in the working directory: what a script there would get, this process may not.
PROBE = """
import json, sys
from importlib.machinery import PathFinder

told = {
    "startup": any(type(one).__module__ == "wandb_compat.startup" for one in sys.meta_path),
    "hook": any(type(one).__module__ == "pluto._wandb_hook" for one in sys.meta_path),
}
found = [PathFinder.find_spec("wandb", [entry]) for entry in sys.path]
told["copies"] = [spec.origin for spec in found if spec and spec.loader]
try:
    import wandb
    told["wandb"] = {"version": wandb.__version__, "file": wandb.__file__}
except Exception as error:
    told["error"] = f"{type(error).__name__}: {error}"
from wandb_compat.import_hook import mode
told["mode"], told["reason"] = mode.current()
print("\\n" + json.dumps(told))
"""


class Finding(NamedTuple):
    """One line of the report; a `problem` makes the exit code 1, a `note` does not."""

    level: Literal["ok", "note", "problem"]
    text: str


@click.command(short_help="Tell which wandb is active, which key is used, and what is in the way.")
@click.option("--api", is_flag=True, help="Show instead how each name of wandb is supported in pluto mode.")
def command(api: bool) -> None:
    """Tell which wandb is active and why, which key is used, and whether the server can be reached.

    The exit code is 0 when nothing stands in the way of runs reaching Pluto, and 1 otherwise. Keys are never shown.
    """
    if api:
        _show_api()
        return
    healthy = True
    for finding in examine():
        click.echo(f"{finding.level:<8} {finding.text}")
        healthy &= finding.level != "problem"
    sys.exit(0 if healthy else 1)


def _show_api() -> None:
    """Print every public name with its level; asked of a process in pluto mode, as this one may have another wandb."""
    environment = {**os.environ, "DISABLE_WANDB_LOGGING": "true", "WANDB_COMPAT": ""}
    words = [sys.executable, "-m", "wandb._native.support_table"]
    done = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise click.ClickException(f"the names of wandb cannot be listed: {done.stderr.strip().rpartition(chr(10))[2]}")
    for heading, rows in json.loads(done.stdout).items():
        click.echo(f"\n{heading}")
        for name, level, how in rows:
            click.echo(f"  {level:<9} {name:<40} {how}".rstrip())


def examine() -> Iterator[Finding]:
    """Yield what is found, the most general first."""
    settings, complaints = Settings.read()
    yield Finding("ok", f"wandb-compat {__version__}, Python {platform.python_version()} at {sys.executable}")
    yield from _packages()
    told = _probe()
    yield from _active(told)
    for complaint in complaints:
        yield Finding("problem", complaint)
    for variable, mode in (("PLUTO_MODE", settings.pluto_mode), ("WANDB_MODE", settings.wandb_mode)):
        if mode and mode != "online":
            yield Finding("note", f"{variable}={mode}: runs are not sent while they go on")
    credential = credentials.find(post_sunset=told.get("mode") == "pluto")
    key = credential.reveal() if credential else None
    if credential is None:
        yield Finding("problem", f"no Pluto key was found: {credentials.HINT}")
    elif key is None:
        yield Finding("problem", f"the Pluto key in {credential.source} cannot be read: run `wandb-compat login` again")
    else:
        yield Finding("ok", f"Pluto key found in {credential.source}")
        if not key.startswith(credentials.TOKEN_PREFIXES):
            prefixes = " or ".join(credentials.TOKEN_PREFIXES)
            yield Finding("problem", f"what {credential.source} holds is no Pluto key: those begin with {prefixes}")
            key = None
    try:
        endpoints = resolve(settings.urls)
    except EndpointError as error:
        yield Finding("problem", str(error))
    else:
        yield from _server(endpoints, key)


def _packages() -> Iterator[Finding]:
    """Versions of what runs lean on, and which extras are whole."""
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
    """Return the version of the real wandb, if it is installed; asked by name, our finder would answer too."""
    for found in importlib.metadata.distributions():
        if (found.metadata["Name"] or "").lower() == "wandb":
            return found.version
    return None


def _active(told: dict[str, Any]) -> Iterator[Finding]:
    """What `import wandb` gives a script that is started in this folder."""
    off = told.get("mode") == "off"
    if "mode" in told:
        yield Finding("problem" if off else "ok", f"{told['mode']} mode: {told['reason']}")
    if wandb := told.get("wandb"):
        yield Finding("ok", f"`import wandb` gives version {wandb['version']} at {wandb['file']}")
    else:
        yield Finding("problem", f"`import wandb` fails here: {told['error']}")
    if not told.get("startup") and not off:
        yield Finding(
            "note",
            "the start-up file wandb_compat.pth is not read here: begin scripts with `wandb-compat run -- python …`",
        )
    if told.get("hook") and not off:
        yield Finding(
            "problem",
            "the start-up hook of pluto-ml is active and may send values a second time: install wandb-compat with pip "
            "into this environment, so that its start-up file stands the hook down",
        )
    ours = Path(dropin_root(), "wandb", "__init__.py")
    others = [
        copy for copy in told.get("copies", ()) if Path(copy) not in (ours, Path(told.get("wandb", {}).get("file", "")))
    ]
    if others:
        yield Finding("note", f"not imported, though they are called wandb: {', '.join(others)}")


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
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"error": f"it took more than {PROBE_TIMEOUT} s"}
    except (ValueError, IndexError):
        last = done.stderr.strip().rpartition("\n")[2]
        return {"error": last or f"the interpreter ended with {done.returncode}"}
    return told


def _server(endpoints: Endpoints, key: str | None) -> Iterator[Finding]:
    """Whether each host answers, and the one for runs takes the key."""
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
            yield Finding("ok", f"{endpoints.api} takes the key" + (f" ({organisation})" if organisation else ""))
