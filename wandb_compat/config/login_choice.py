"""Remembers what `wandb-compat login` was answered, so that scripts, notebooks and services need no exports.

The file is read at `import wandb` when no key is in the environment, so it costs one failed `open` where it does not
exist, and no library.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from wandb_compat.config.local_server import LocalServer

LOCAL, SERVER, DISK = "local", "server", "disk"
URL_VARIABLES = ("PLUTO_URL_APP", "PLUTO_URL_API", "PLUTO_URL_INGEST", "PLUTO_URL_PY")


class Choice(NamedTuple):
    """Where runs go: the server of this machine, a server with these URLs, or only to disk.

    `urls` are in the order of URL_VARIABLES, None for one that is derived; empty for the hosted service.
    """

    kind: str
    urls: tuple[str | None, ...] = ()


def path(environ: Mapping[str, str] = os.environ) -> str:
    """Return the file that remembers the choice."""
    home = environ.get("XDG_CONFIG_HOME") or environ.get("APPDATA") or os.path.expanduser(os.path.join("~", ".config"))
    return os.path.join(home, "wandb-compat", "login.json")


def names_server(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the environment itself says which server to use."""
    return any(environ.get(variable, "").strip() for variable in URL_VARIABLES)


def read(environ: Mapping[str, str] = os.environ) -> Choice | None:
    """Return the remembered choice; None without one, or when the environment names a server itself."""
    if names_server(environ):
        return None
    try:
        with open(path(environ), encoding="utf-8") as file:
            import json  # only for those who have made a choice

            document = json.load(file)
        choice = Choice(document["kind"], tuple(document.get("urls", ())))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return choice if choice.kind in (LOCAL, SERVER, DISK) else None


def remember(choice: Choice) -> str:
    """Write the choice to the file, readable for its owner only, and return the file's path.

    Raises:
        OSError: it cannot be written.
    """
    import json
    from pathlib import Path

    from wandb_compat.system.atomic_write import atomic_write

    file = path()
    os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
    atomic_write(Path(file), json.dumps({"kind": choice.kind, "urls": list(choice.urls)}), private=True)
    return file


def forget() -> None:
    """Forget the choice: runs go where keys and the environment say."""
    with contextlib.suppress(OSError):
        os.unlink(path())


def urls(key_in_environment: bool, environ: Mapping[str, str] = os.environ) -> Sequence[str | None]:
    """Return the remembered URLs in the order of URL_VARIABLES; empty without any.

    Args:
        key_in_environment: whether the key comes from a variable: it is not one of this machine's server.
        environ: the environment.
    """
    choice = read(environ)
    if choice is None or choice.kind == DISK:
        return ()
    if choice.kind == SERVER:
        return choice.urls
    server = None if key_in_environment else local_server(environ)
    return () if server is None else (server.url,) * len(URL_VARIABLES)


def local_server(environ: Mapping[str, str] = os.environ) -> LocalServer | None:
    """Return this machine's server with the address that it has now, or had when it last ran."""
    from wandb_compat.config import local_server  # only for those who have chosen it

    return local_server.find(local_server.data_dir(environ))


def ensure_local_server(say: Callable[[str], object]) -> bool:
    """Start this machine's server if it was chosen and does not run; the next calls find it running.

    It may have another address after a restart, and a key must not go to whatever listens at the old one. So this
    waits for the start, a second or two, once until the machine is rebooted.

    Args:
        say: shows a message.

    Returns:
        Whether it was started.
    """
    choice = read()
    if choice is None or choice.kind != LOCAL or os.environ.get("PLUTO_API_KEY", "").strip():
        return False
    import subprocess

    from wandb_compat.config import local_server

    if local_server.find_running(local_server.data_dir()) is not None:
        return False
    command = [sys.executable, "-m", "wandb_compat", "serve", "--background"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=local_server.START_TIMEOUT)
        reason = "" if done.returncode == 0 else done.stderr.strip()
    except (OSError, subprocess.SubprocessError) as error:
        reason = str(error)
    say(
        f"The Pluto server of this machine does not start, so the run stays on disk: {reason}"
        if reason
        else "Started the Pluto server of this machine; `wandb-compat serve --open` shows its page"
    )
    return not reason
