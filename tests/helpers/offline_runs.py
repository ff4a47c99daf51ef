"""Run folders as offline runs leave them, and the server's view of the same runs."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from wandb_compat.config.settings import Settings
from wandb_compat.pipeline.pipeline import Pipeline
from wandb_compat.server.serve import Running
from wandb_compat.spool import records
from wandb_compat.spool.notifier import CallbackNotifier

Command = Callable[..., "subprocess.CompletedProcess[str]"]


class Runs:
    """Makes run folders below `root` in one project, and asks the server for them."""

    def __init__(self, root: Path, server: Running, project: str) -> None:
        self.root = root
        self.server = server
        self.project = project

    def make(self, run_id: str, rows: int = 3, *, finished: bool = True) -> Path:
        """Write the folder of an offline run with rows `loss: 0.5 * step`; unfinished means killed."""
        home = self.root / f"offline-run-20260101_00000{len(list(self.root.glob('*')))}-{run_id}"
        home.mkdir(parents=True)
        pipeline = Pipeline(
            home, Settings(), notifier=CallbackNotifier(lambda level, text: None), head=home / f"run-{run_id}.wandb"
        )
        pipeline.start(
            records.Start(time=1_760_000_000_000, project=self.project, id=run_id, name=f"name of {run_id}"),
            None,
            online=False,
        )
        for step in range(rows):
            pipeline.row({"loss": step / 2}, step, 1_760_000_000_000 + 1000 * step)
        if finished:
            pipeline.finish(records.Exit(1_760_000_100_000, "completed", 0))
        else:
            pipeline.flush()
        return home

    def listed(self) -> dict[str, dict[str, Any]]:
        """Return the project's runs on the server, by their names."""
        return {run["name"]: run for run in self._get("/api/runs/list").get("runs", [])}

    def values(self, run_id: str) -> list[tuple[int, float]]:
        """Return (step, loss) of every row of a run on the server."""
        run = self.listed()[f"name of {run_id}"]
        rows = self._get("/api/runs/metrics", runId=run["id"], logName="loss", limit=10_000)["metrics"]
        return [(row["step"], row["value"]) for row in rows]

    def _get(self, path: str, **query: Any) -> Any:
        answer = requests.get(
            self.server.url + path,
            params={"projectName": self.project, **query},
            headers={"Authorization": f"Bearer {self.server.key}"},
            timeout=10,
        )
        return answer.json() if answer.ok else {}


def rows(count: int = 3) -> list[tuple[int, float]]:
    """Return what `Runs.values` gives when everything has arrived once."""
    return [(step, step / 2) for step in range(count)]
