"""Runs each script with the real wandb alone and with us beside it, and says what each has left."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from filelock import FileLock

from tests.helpers.environments import OURS, ROOT, Environment, clean_environ

SCRIPTS = ROOT / "tests" / "process" / "dual" / "corpus" / "scripts"
DUMP = Path(__file__).with_name("dump_records.py")
NEEDED = ("numpy", "pillow", "matplotlib", "plotly", "ipython")
# Torch is lent from the environment of the tests: installed six times it would cost gigabytes.
LENT = ("torch", "torchgen", "functorch", "sympy", "mpmath", "networkx", "jinja2", "markupsafe", "filelock", "fsspec")
TOGETHER = 6  # scripts at a time: they wait more than they work
LONG = 180  # seconds that no script takes


@dataclass
class Side:
    """What a script has left: its streams, exit code, files, and the records of its runs by their folders."""

    folder: Path
    environment: Environment
    stdout: str
    stderr: str
    code: int
    files: dict[str, Path] = field(default_factory=dict)
    records: dict[Path, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def runs(self) -> list[Path]:
        """The folders of the real wandb's runs, in the order of their begin."""

        def begin(folder: Path) -> str:
            return next((one["run"]["start_time"] for one in self.records[folder] if "run" in one), "")

        return sorted(self.records, key=begin)

    def settle(self, text: str) -> str:
        """Return a text without what no two executions share: ids, times, addresses and places."""
        names = {run.name: f"<folder of run {number}>" for number, run in enumerate(self.runs)}
        for name in sorted(names, key=len, reverse=True):  # one of the same second is the other's with a number
            text = text.replace(name, names[name])
        for number, id in enumerate(dict.fromkeys(next(run.glob("*.wandb")).stem[4:] for run in self.runs)):
            if id:  # wandb before 0.19 takes an empty one
                text = re.sub(rf"\b{re.escape(id)}\b", f"<id {number}>", text)
        for place, name in ((self.folder, "<folder>"), (self.environment.folder, "<environment>")):
            text = text.replace(str(place), name)
        for pattern, instead in UNSTEADY:
            text = re.sub(pattern, instead, text)
        return text


UNSTEADY = (
    (r"\b\d{8}_\d{6}\b", "<time>"),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]*Z?", "<time>"),
    (r"0x[0-9a-f]{6,}", "<address>"),
    (r"wandb-client-artifact://\w+", "wandb-client-artifact://<id>"),
    (r"\bdummy-\w{8}\b", "dummy-<id>"),
    (r"\brun-<time>-\w{8}\b", "run-<time>-<id>"),  # of a run that is not in the script's folder
    (r"Done\. \d+\.\ds", "Done."),
    (r'"id": ?\d{10,}', '"id": <address>'),  # of a layer, in the graph of a model
    (r"(?m)^Matplotlib is building the font cache.*\n", ""),  # where that takes long
    (r"(process|pid)[ :=]*\d+", r"\1 <number>"),
)

Sides = Callable[[str, str, bool], Side]


class Reader:
    """The records of `.wandb` files, read by one process with the release of wandb that wrote them."""

    def __init__(self, environment: Environment) -> None:
        home = environment.folder / "home"
        home.mkdir(exist_ok=True)
        self._process = subprocess.Popen(
            [environment.python, DUMP],
            env=clean_environ(home, WANDB_COMPAT="off"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._lock = Lock()

    def read(self, files: list[str]) -> dict[Path, list[dict[str, Any]]]:
        """Return the records by the folders of the files."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with self._lock:
            print(json.dumps(files), file=self._process.stdin, flush=True)
            out = self._process.stdout.readline()
        return {Path(name).parent: findings for name, findings in json.loads(out).items()}

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


class Theatre:
    """The environments of all releases, and the scripts that are played in them, several at a time."""

    def __init__(self, shelf: Path, wheel: Path, folder: Path, variables: dict[str, str]) -> None:
        """Prepare.

        Args:
            shelf: folder of environments, shared by the workers of a test run.
            wheel: ours.
            folder: where scripts are run.
            variables: environment variables of the server.
        """
        self.shelf = shelf
        self.wheel = wheel
        self.folder = folder
        self.variables = variables
        self._pool = ThreadPoolExecutor(TOGETHER)
        self._played: dict[tuple[str, str, bool], Future[Side]] = {}
        self._readers: dict[str, Reader] = {}
        self._lock = Lock()

    def announce(self, version: str, script: str) -> None:
        """Begin to play a script on both sides."""
        for ours in (False, True):
            key = version, script, ours
            if key not in self._played:
                self._played[key] = self._pool.submit(self._play, *key)

    def side(self, version: str, script: str, ours: bool) -> Side:
        """Return what a script has left, once it is over."""
        self.announce(version, script)
        return self._played[version, script, ours].result()

    def close(self) -> None:
        """Wait for what is still being played."""
        self._pool.shutdown(cancel_futures=True)
        for reader in self._readers.values():
            reader.close()

    def project(self, version: str, script: str) -> str:
        """Return the Pluto project of a script's runs."""
        return f"corpus-{script}-{version}"

    def environment(self, version: str, ours: bool) -> Environment:
        """Return the environment with a release of wandb, with or without us."""
        name = f"corpus-{version}-{'joint' if ours else 'alone'}"
        made = Environment(self.shelf / name, self.wheel)
        with FileLock(self.shelf / f"{name}.lock"):
            if not (made.folder / "ready").exists():
                made.create()
                made.install(f"wandb=={version}.*", together=NEEDED)
                if ours:
                    made.install(OURS)
                for package in LENT:
                    source = Path(sysconfig.get_paths()["purelib"], package)
                    if source.is_dir() and not (made.site / package).exists():
                        (made.site / package).symlink_to(source)
                (made.folder / "ready").touch()
        return made

    def _reader(self, version: str) -> Reader:
        """Return the reader of a release; both sides are read with the environment that has our wheel."""
        environment = self.environment(version, True)
        with self._lock:
            if version not in self._readers:
                self._readers[version] = Reader(environment)
            return self._readers[version]

    def _play(self, version: str, script: str, ours: bool) -> Side:
        environment = self.environment(version, ours)
        # Of a long path wandb sometimes shows the end only: the part that is not the same on both sides stands before.
        folder = self.folder / ("joint" if ours else "alone") / version / script
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "home").mkdir(parents=True)
        work = folder / "work"
        work.mkdir()
        shutil.copy(SCRIPTS / f"{script}.py", work / "script.py")
        # wandb prints sets, and their order is that of the hashes.
        changes = {"WANDB_MODE": "offline", "COLUMNS": "120", "PYTHONHASHSEED": "0"}
        if ours:
            changes |= {
                **self.variables,
                "PLUTO_MODE": "online",
                "PLUTO_PROJECT": self.project(version, script),
                "WANDB_COMPAT_FINISH_BUDGET": "60",  # so that everything is there when the script has ended
            }
        done = subprocess.run(
            [environment.python, "script.py"],
            cwd=work,
            env=clean_environ(folder / "home", **changes),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONG,
        )
        side = Side(folder, environment, done.stdout, done.stderr, done.returncode)
        side.files = {
            str(path.relative_to(folder)): path
            for path in sorted(folder.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }
        files = [str(path) for name, path in side.files.items() if path.suffix == ".wandb" and "/pluto/" not in name]
        if files:
            side.records = self._reader(version).read(files)
        return side


def lent() -> bool:
    """Whether there is a torch to lend."""
    return os.name != "nt" and Path(sysconfig.get_paths()["purelib"], "torch").is_dir()
