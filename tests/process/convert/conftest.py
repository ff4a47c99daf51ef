"""Logs media in this process against the embedded server and reads them back."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

import wandb
from wandb.errors import term
from wandb.sdk import wandb_login, wandb_setup
from wandb_compat.wire.packed_config import unpacked


@dataclass
class Stored:
    """A file on the server, with its bytes."""

    key: str
    name: str
    type: str
    step: int
    caption: str | None
    annotations: Any
    content: bytes

    def pixels(self) -> Any:
        """Return the pixels of an image."""
        import numpy
        from PIL import Image

        return numpy.asarray(Image.open(io.BytesIO(self.content)))


class Seen:
    """What one run has left on the server."""

    def __init__(self, server: Any, project: str, run: wandb.Run) -> None:
        self._server = server
        (listed,) = self._get("list", projectName=project)["runs"]
        self.project, self.id = project, listed["id"]
        self.summary, self.run_id = run.summary, run.id
        details = self._get(f"details/{self.id}", projectName=project)
        self.details = {**details, "config": unpacked(details["config"] or {})}
        self.types = {one["logName"]: one["logType"] for one in self.details["logNames"]}

    def _get(self, path: str, **query: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._server.key}"}
        route = (
            "/api/embedded/data" if path == "data" else f"/api/runs/{path}"
        )  # the former only the embedded server has
        answer = requests.get(f"{self._server.url}{route}", params=query, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def files(self, key: str | None = None) -> list[Stored]:
        """Return the files of a key, in order of steps and samples."""
        query = {"logName": key} if key else {}
        found = self._get("files", runId=self.id, projectName=self.project, **query)["files"]
        return [
            Stored(
                one["logName"],
                one["fileName"],
                one["fileType"],
                one["step"],
                one["caption"],
                json.loads(one["annotations"]) if one["annotations"] else None,
                requests.get(one["url"], timeout=30).content,
            )
            for one in found
        ]

    def file(self, key: str) -> Stored:
        """Return the only file of a key."""
        (one,) = self.files(key)
        return one

    def document(self, key: str) -> tuple[str, Any]:
        """Return type and content of the only document of a key."""
        (one,) = self._get("data", runId=self.id, projectName=self.project, logName=key)["data"]
        return one["dataType"], json.loads(one["data"])

    def metric(self, key: str) -> list[float]:
        """Return the values of a metric."""
        found = self._get("metrics", runId=self.id, projectName=self.project, logName=key)["metrics"]
        return [one["value"] for one in found]


Log = Callable[..., Seen]


@pytest.fixture
def log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pluto_server: Any, request: pytest.FixtureRequest
) -> Iterator[Log]:
    """Logs rows in a separate run and returns what the server has after it."""
    for name in [name for name in os.environ if name.startswith(("WANDB_", "PLUTO_", "DISABLE_WANDB"))]:
        monkeypatch.delenv(name)
    for name, value in {
        **pluto_server.environment(),
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "PLUTO_DISABLE_TELEMETRY": "1",
        "WANDB_CONSOLE": "off",
        "WANDB_COMPAT_LINGER": "0",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(term, "_said", set())
    monkeypatch.setattr(wandb_login, "_session", [])
    monkeypatch.setattr(wandb_setup, "_given", wandb.Settings())
    monkeypatch.chdir(tmp_path)
    project = "".join(c if c.isalnum() else "-" for c in f"{request.module.__name__}-{request.node.name}")[-120:]

    def logged(*rows: Any, after: Callable[[], object] = lambda: None) -> Seen:
        with wandb.init(project=project) as run:
            for row in rows:
                run.log(row)
            after()
        return Seen(pluto_server, project, run)

    yield logged
    wandb.teardown()
