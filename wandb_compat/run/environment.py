"""Program and machine of a run, as it reports them; never the environment, which holds secrets."""

from __future__ import annotations

import getpass
import os
import platform
import socket
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from wandb_compat.run.arguments import without_keys


def gather(settings: Any, *, keep_arguments: bool = False) -> dict[str, Any]:
    """Return program, arguments, Python, system, host and git commit, under wandb's names, without a subprocess.

    Args:
        settings: of a run, native or of the real wandb.
        keep_arguments: whether arguments that look like keys are kept as they are.
    """
    if setting(settings, "disable_meta"):
        return {}
    info: dict[str, Any] = {
        "os": platform.platform(aliased=True)
        if sys.platform == "win32"
        else f"{platform.system()}-{platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "startedAt": datetime.now(timezone.utc).isoformat().replace("+00:00", "Z"),
        "args": sys.argv[1:] if keep_arguments else without_keys(sys.argv[1:]),
        "program": settings.program or program(),
        "root": str(settings.root_dir),
        "host": settings.host or socket.gethostname(),
        "username": settings.username or _user(),
        "executable": sys.executable,
        "cpu_count_logical": os.cpu_count(),
        "email": settings.email,
        "docker": settings.docker,
    }
    if not settings.disable_git:
        info["git"] = _git(Path(settings.git_root or Path.cwd()), settings)
    return {key: value for key, value in info.items() if value not in (None, "", {})}


def setting(settings: Any, name: str) -> Any:
    """Return one of the settings that begin with `_` in wandb 0.18 and 0.19 and with `x_` in later versions."""
    return getattr(settings, f"x_{name}", None) or getattr(settings, f"_{name}", None)


def program() -> str:
    """Return the path of the running script, or `<python with no main file>`."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    return main or "<python with no main file>"


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no home directory, no entry for the user
        return None


def _git(start: Path, settings: Any) -> dict[str, str]:
    """Read remote and commit from the files of a repository, which is a hundred times faster than running git."""
    try:
        start = start.resolve()
        root = next(folder for folder in (start, *start.parents) if (folder / ".git").is_dir())
        found = {
            "remote": settings.git_remote_url or _remote(root / ".git"),
            "commit": settings.git_commit or _commit(root / ".git"),
        }
    except (OSError, StopIteration, UnicodeDecodeError):
        found = {"remote": settings.git_remote_url, "commit": settings.git_commit}
    return {key: value for key, value in found.items() if value}


def _commit(git: Path) -> str | None:
    head = (git / "HEAD").read_text().strip()
    if not head.startswith("ref: "):
        return head
    branch = head.removeprefix("ref: ")
    if (git / branch).exists():
        return (git / branch).read_text().strip()
    packed = git / "packed-refs"
    lines = packed.read_text().splitlines() if packed.exists() else []
    return next((line.split()[0] for line in lines if line.endswith(f" {branch}")), None)


def _remote(git: Path) -> str | None:
    """Return the URL of `origin` without the password that it may hold."""
    section = ""
    for line in (git / "config").read_text().splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line
        elif section == '[remote "origin"]' and line.startswith("url"):
            scheme, split, rest = line.partition("=")[2].strip().partition("://")
            return f"{scheme}://{rest.rpartition('@')[2]}" if split else scheme
    return None
