"""Fresh virtual environments in which the wheel is installed as users install it."""

import base64
import csv
import hashlib
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HELPERS = Path(__file__).parent
UV = Path(sysconfig.get_path("scripts")) / ("uv.exe" if os.name == "nt" else "uv")
OURS = "the wheel"  # the wheel, in a list of what to install
REAL = "wandb==0.31.*"


def clean_environ(home: Path, **changes: str) -> dict[str, str]:
    """Return the environment of a user who has set nothing but `changes`, with a separate home."""
    ours = ("WANDB_", "PLUTO_", "DISABLE_WANDB", "PYTHON", "PYTEST", "VIRTUAL_ENV", "XDG_CONFIG_HOME")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {
        **kept,
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        "NO_PROXY": "127.0.0.1,localhost",
        "PLUTO_DISABLE_TELEMETRY": "1",
        "WANDB_ERROR_REPORTING": "false",
        "WANDB_BASE_URL": "http://127.0.0.1:9",  # no server listens there
        **changes,
    }


def uv(*line: str | Path) -> str:
    """Run uv and return its output."""
    # The user's own environment: uv's settings and its cache of packages. It looks for wheels where pip does: that one
    # of torch may lie on this disk.
    environment = {"UV_FIND_LINKS": os.environ.get("PIP_FIND_LINKS", ""), **os.environ}
    done = subprocess.run([UV, *line], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@dataclass
class Environment:
    """A virtual environment and a home for the user who runs it."""

    folder: Path
    wheel: Path

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def site(self) -> Path:
        """The folder of installed packages."""
        return next(self.folder.glob("[Ll]ib/**/site-packages"))

    @property
    def dropin(self) -> Path:
        return self.site / "wandb_compat" / "dropin"

    def create(self) -> None:
        """Make an empty environment, with pip."""
        uv("venv", "--quiet", "--seed", "--python", sys.executable, self.folder)

    def install(self, *things: str, together: tuple[str, ...] = ()) -> None:
        """Install one after the other, each with what is to be installed together with it."""
        for thing in things:
            uv("pip", "install", "--quiet", "--python", self.python, self.wheel if thing == OURS else thing, *together)

    def run(
        self, *arguments: str, cwd: Path | None = None, code: int | None = 0, seconds: float = 120, **changes: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run the environment's Python, in an empty folder unless one is given."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        done = subprocess.run(
            [self.python, *arguments],
            cwd=cwd or tempfile.mkdtemp(dir=home),
            env=clean_environ(home, **changes),
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        assert code is None or done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def evaluate(self, script: str, *flags: str, cwd: Path | None = None, **changes: str) -> Any:
        """Run a script that fills the dict `result`, and return that dict."""
        text = f"result = {{}}\n{textwrap.dedent(script)}\nimport json; print('RESULT', json.dumps(result))"
        out = self.run(*flags, "-c", text, cwd=cwd, **changes).stdout
        return json.loads(next(line for line in out.splitlines() if line.startswith("RESULT "))[len("RESULT ") :])

    def damaged(self, distribution: str) -> list[str]:
        """Return the files that the record of a distribution lists and that are gone or changed."""
        (record,) = self.site.glob(f"{distribution}-*.dist-info/RECORD")
        return [
            name
            for name, digest, _ in csv.reader(record.read_text().splitlines())
            if digest and digest.partition("=")[2] != _sha256(self.site / name)
        ]


Environments = Callable[..., Environment]


def _sha256(file: Path) -> str | None:
    if not file.exists():
        return None
    return base64.urlsafe_b64encode(hashlib.sha256(file.read_bytes()).digest()).rstrip(b"=").decode()
