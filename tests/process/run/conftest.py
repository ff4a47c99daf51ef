"""Runs of the native API: in this process where that is enough, in a fresh interpreter where its end matters."""

import os
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers import warm_python
from tests.helpers.environments import ROOT
from tests.helpers.native_runs import FOREIGN, Recorded, alone, read, recorded

__all__ = ["alone", "read"]

# The start-up hook of pluto-ml wraps `wandb` in every interpreter; ours stands it down, but is not installed here.
WITHOUT_HOOK = (
    'import sys; sys.meta_path[:] = [f for f in sys.meta_path if not type(f).__module__.startswith("pluto")]\n'
)


@dataclass
class Ended:
    """A script that has ended."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def run(self) -> Recorded:
        """What its latest run recorded."""
        return recorded(self.folder)


Script = Callable[..., Ended]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Runs the text of a script in a fresh interpreter and returns how it ended."""

    def run(text: str, **environment: str) -> Ended:
        folder = tmp_path / "work"
        folder.mkdir(exist_ok=True)
        file = folder / "train.py"
        file.write_text(WITHOUT_HOOK + textwrap.dedent(text))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        isolated = {"PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1,localhost", "PLUTO_DISABLE_TELEMETRY": "1"}
        variables = {**kept, **isolated, "WANDB_MODE": "offline", **environment}
        done = warm_python.run([sys.executable, file.name], cwd=folder, env=variables, timeout=60)
        return Ended(done.returncode, done.stdout, done.stderr, folder)

    return run
