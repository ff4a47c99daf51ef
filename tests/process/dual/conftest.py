"""Scripts in dual mode: the real wandb, offline, with our wheel beside it, against the embedded Pluto server."""

import json
import os
import re
import subprocess
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.helpers.environments import HELPERS, OURS, Environment
from tests.helpers.server_state import Server
from wandb_compat.dual.supported_versions import TESTED

ALL = os.environ.get("WANDB_COMPAT_CORPUS") == "all"  # every release of wandb, as with `make corpus`
RECORDS = HELPERS / "wandb_session.py"


@dataclass
class Stage:
    """One test's environment, folder, project and server."""

    environment: Environment
    folder: Path
    project: str
    server: Server
    variables: dict[str, str]

    def run(
        self, text: str, code: int | None = 0, seconds: float = 120, **changes: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run a script in an empty folder."""
        self.folder.mkdir(exist_ok=True)
        (self.folder / "train.py").write_text(textwrap.dedent(text))
        return self.environment.run(
            "train.py", cwd=self.folder, code=code, seconds=seconds, **{**self.variables, **changes}
        )

    def recorded(self) -> list[dict[str, Any]]:
        """Return the history rows in the one `.wandb` file of the real wandb."""
        (file,) = self.folder.glob("wandb/offline-run-*/run-*.wandb")
        out = self.environment.run(str(RECORDS), str(file), WANDB_COMPAT="off").stdout
        rows, _ = json.loads(
            next(line for line in out.splitlines() if line.startswith("RESULT ")).removeprefix("RESULT ")
        )
        return [{key: json.loads(value) for key, value in row.items()} for row in rows]

    def arrived(self, name: str) -> dict[int, float]:
        """Return what Pluto has of a metric of the project's only run: value by step."""
        rows = self.server.metrics(self.project, self.server.run(self.project)["id"], name)
        return {row["step"]: row["value"] for row in rows}


@pytest.fixture
def version() -> str:
    """The release of the real wandb; a test may be parametrised with others."""
    return TESTED[-1]


@pytest.fixture
def stage(version: str, wheel: Path, tmp_path: Path, pluto_server: Any, request: pytest.FixtureRequest) -> Stage:
    """Dual mode with that release."""
    made = Environment(wheel.parent / version, wheel)
    with FileLock(wheel.parent / f"{version}.lock"):
        if not (made.folder / "ready").exists():
            made.create()
            made.install(f"wandb=={version}.*", "numpy", "pillow", OURS)
            (made.folder / "ready").touch()
    project = re.sub(r"[^\w.-]", "-", request.node.name)[:120]
    variables = {"WANDB_MODE": "offline", "PLUTO_MODE": "online", "PLUTO_PROJECT": project, "WANDB_PROJECT": "p"}
    variables.update(pluto_server.environment(), WANDB_COMPAT_LINGER="0")
    return Stage(made, tmp_path / "work", project, Server(pluto_server.url, pluto_server.key), variables)
