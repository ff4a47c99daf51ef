"""Who is measured: their virtual environments, and one turn of each."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import requests

from wandb_compat.server.serve import Running

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "bench"
NO_SERVER = "http://127.0.0.1:9"  # the discard port

_WANDB = ["wandb==0.31.0", "numpy", "pillow", "soundfile"]
# What is installed in each environment, besides Python.
ENVIRONMENTS = {
    "empty": [],
    "wandb-compat": [str(ROOT), "soundfile"],
    "wandb": _WANDB,
    "pluto-ml": ["pluto-ml==0.0.29"],
    "patched": ["wandb==0.31.0", "pluto-ml==0.0.29"],
    "trackio": ["trackio==0.43.0"],
    "dual": [*_WANDB, str(ROOT)],
}
OURS = ("wandb-compat", "dual")
# Contenders without an environment name.
HOMES = {
    "wandb disabled": "wandb",
    "append": "empty",
    "pluto-ml patches wandb": "patched",
    "pluto-ml for wandb": "patched",
}
# Torch is lent from the environment that runs the bench: it is large.
LENT = ("torch", "torchgen", "functorch", "sympy", "mpmath", "networkx", "jinja2", "markupsafe", "filelock", "fsspec")
DRAINED = 300  # calls of a turn of pluto-ml, whose worker takes a hundred a second


def python(name: str) -> Path:
    """Return the interpreter of a contender's virtual environment, made on first use and ours anew each time."""
    name = HOMES.get(name, name)
    home = CACHE / name
    home.parent.mkdir(parents=True, exist_ok=True)
    interpreter = home / "bin" / "python"
    ready = home / "ready"  # says what is installed
    if interpreter.exists() and ready.exists() and ready.read_text() == str(ENVIRONMENTS[name]):
        if name in OURS:
            _install(interpreter, ["--force-reinstall", "--no-deps", str(ROOT)])
        return interpreter
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
    if ENVIRONMENTS[name]:
        _install(interpreter, ENVIRONMENTS[name])
    ready.write_text(str(ENVIRONMENTS[name]))
    return interpreter


def _install(interpreter: Path, what: list[str]) -> None:
    # As users have it: with the compiled files that pip leaves, whatever the environment of the bench says.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what]
    subprocess.run(command, check=True, env=environment)


class Bench:
    """The server and the folder in which the turns are taken."""

    def __init__(self, server: Running, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.pythons = {name: python(name) for name in ENVIRONMENTS}

    def turn(self, name: str, what: int | str, amount: float, url: str | None = None, **more: str) -> dict[str, Any]:
        """Let a contender take its turn with `workload.py`, and return its figures.

        Args:
            name: the contender.
            what: see `workload.py`.
            amount: the same.
            url: of another server.
            more: environment variables.
        """
        home = self.folder / f"{name}-{what}-{time.monotonic_ns()}".replace(" ", "-")
        home.mkdir(parents=True)
        environment = self._environment(home, what == "torch", url)
        if name in ("wandb", "wandb disabled"):
            mode = "offline" if name == "wandb" else "disabled"
            environment.update(WANDB_MODE=mode, WANDB_SILENT="true", PLUTO_API_KEY="")
        elif name == "pluto-ml patches wandb":
            environment.update(WANDB_MODE="offline", WANDB_SILENT="true")
        elif name == "pluto-ml for wandb":
            environment.update(DISABLE_WANDB_LOGGING="true")
        environment.update(more)
        if name.startswith("pluto-ml"):
            amount = min(amount, DRAINED)
        interpreter = self.pythons[HOMES.get(name, name)]
        command = [str(interpreter), str(ROOT / "bench" / "workload.py"), name, str(what), str(amount)]
        done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{name} failed:\n{done.stderr}")
        figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        if name == "wandb-compat" and url is None and "PLUTO_MODE" not in more:
            figures["rows"] = self.rows(home.name)
        return figures

    def dual(self, calls: int) -> dict[str, dict[str, Any]]:
        """Let dual mode take a turn beside wandb alone, and return the figures of both."""
        home = self.folder / f"dual-{time.monotonic_ns()}"
        home.mkdir(parents=True)
        environment = {**self._environment(home, True), "WANDB_MODE": "offline", "WANDB_ERROR_REPORTING": "false"}
        command = [str(self.pythons["dual"]), str(ROOT / "bench" / "dual.py"), str(calls), "5", "5"]
        done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"dual mode failed:\n{done.stderr}")
        figures: dict[str, dict[str, Any]] = json.loads(done.stdout.strip().splitlines()[-1])
        return figures

    def start(self, name: str, code: str = "pass") -> float:
        """Return how long an interpreter takes from its start to its end, in seconds."""
        environment = self._environment(self.folder)
        began = time.perf_counter()
        subprocess.run([str(self.pythons[name]), "-c", code], check=True, env=environment, cwd=self.folder)
        return time.perf_counter() - began

    def instructions(self, name: str, code: str = "pass") -> int:
        """Return how many instructions an interpreter executes in user space from its start to its end.

        Needs valgrind. The count is the same in every round, also on a busy machine.
        """
        command = [
            "valgrind",
            "--tool=callgrind",
            "--callgrind-out-file=/dev/null",
            str(self.pythons[name]),
            "-c",
            code,
        ]
        environment = self._environment(self.folder)
        done = subprocess.run(command, check=True, env=environment, cwd=self.folder, capture_output=True, text=True)
        return int(done.stderr.split("Collected :")[1].split()[0])

    def first_import(self, packages: int) -> float:
        """Return how long a new interpreter takes to import a module that is in so many packages, in seconds."""
        folder = self.folder / "packages"
        names = [*(f"package{number}" for number in range(packages)), f"module{packages}"]
        for depth in range(packages):
            inner = folder.joinpath(*names[: depth + 1])
            inner.mkdir(parents=True, exist_ok=True)
            (inner / "__init__.py").touch()
        folder.mkdir(exist_ok=True)
        folder.joinpath(*names).with_suffix(".py").touch()
        code = (
            f"import sys, time; sys.path.insert(0, {str(folder)!r}); began = time.perf_counter(); "
            f"import {'.'.join(names)}; print(time.perf_counter() - began)"
        )
        command = [str(self.pythons["empty"]), "-c", code]
        environment = self._environment(self.folder)
        done = subprocess.run(command, check=True, env=environment, cwd=self.folder, capture_output=True, text=True)
        return float(done.stdout)

    def rows(self, project: str) -> int:
        """Return how many values of the first metric the newest run of a project has on the server."""
        headers = {"Authorization": f"Bearer {self.server.key}"}

        def get(path: str, **query: Any) -> Any:
            return requests.get(self.server.url + path, params=query, headers=headers, timeout=60).json()

        run = get("/api/runs/list", projectName=project, limit=1)["runs"][0]
        found = get("/api/runs/statistics", projectName=project, runId=run["id"], logName="metric/0")["metrics"]
        return int(found[0]["count"]) if found else 0

    def _environment(self, home: Path, torch: bool = False, url: str | None = None) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("WANDB_", "PLUTO_", "PYTHON"))}
        environment = {
            **kept,
            "HOME": str(home),
            "XDG_DATA_HOME": str(home),
            "TRACKIO_DIR": str(home / "trackio"),
            "PLUTO_DISABLE_TELEMETRY": "1",
            "PLUTO_DIR": str(home),
            "PLUTO_PROJECT": home.name,
            "WANDB_COMPAT_LINGER": "0",  # no uploader of a turn may run beside the next one
            **self.server.environment(),
        }
        if url is not None:
            environment.update({f"PLUTO_URL_{base}": url for base in ("APP", "API", "INGEST", "PY")})
        if torch:
            environment["PYTHONPATH"] = str(self._lent())
        return environment

    def _lent(self) -> Path:
        lent = self.folder / "lent"
        if not lent.exists():
            lent.mkdir()
            for package in (*LENT, "typing_extensions"):
                spec = importlib.util.find_spec(package)
                if spec is None or spec.origin is None:
                    raise SystemExit(f"the bench needs {package}, as torch does")
                origin = Path(spec.origin)
                origin = origin.parent if origin.name == "__init__.py" else origin
                (lent / origin.name).symlink_to(origin)
        return lent
