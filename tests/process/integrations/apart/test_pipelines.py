"""Metaflow and Kubeflow Pipelines: steps and components run for real."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import wandb
from tests.helpers.environments import ROOT
from tests.helpers.native_runs import recorded

FLOW = """
    from metaflow import FlowSpec, Parameter, step
    from wandb.integration.metaflow import wandb_log

    @wandb_log(others=True)
    class Train(FlowSpec):
        rate = Parameter("rate", default=0.5)

        @step
        def start(self):
            self.loss = self.rate / 2
            self.blob = b"x"
            self.next(self.end)

        @step
        def end(self):
            pass

    if __name__ == "__main__":
        Train()
    """


def test_a_flow(tmp_path: Path) -> None:
    """Each step is a run with the parameters as configuration; what it sets is logged."""
    pytest.importorskip("metaflow", exc_type=ImportError)
    (tmp_path / "train.py").write_text(textwrap.dedent(FLOW))
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "WANDB_MODE": "offline",
        "WANDB_DIR": str(tmp_path),
        "USER": "u",
    }
    done = subprocess.run(
        [sys.executable, "train.py", "--no-pylint", "run"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    folders = sorted((tmp_path / "wandb").glob("offline-run-*"))
    runs = [type(recorded(tmp_path))(folder) for folder in folders]
    by_step = {tag: run for run in runs for tag in run.one("start")["tags"] if tag.startswith("job_type:")}
    first = by_step["job_type:start"]
    assert first.rows() == [(0, {"loss": 0.25})]
    assert first.one("start")["tags"][0].startswith("group:Train/")
    assert [one["name"] for one in first.all("artifact")] == ["blob"]
    assert [config["values"]["rate"] for config in first.all("config") if "rate" in config["values"]] == [0.5]


def test_a_component(read, monkeypatch, tmp_path: Path) -> None:
    """A component's scalars are configuration, its result a row, its files artifacts."""
    dsl = pytest.importorskip("kfp.dsl", exc_type=ImportError)
    from typing import NamedTuple

    from wandb.integration.kfp import wandb_log

    @wandb_log
    def train(rate: float, model: dsl.Output[dsl.Model]) -> NamedTuple("Out", [("loss", float)]):  # type: ignore[misc]
        Path(model.path).write_text("weights", encoding="utf-8")
        return NamedTuple("Out", [("loss", float)])(rate / 2)

    monkeypatch.setenv("WANDB_MODE", "offline")
    model = dsl.Model(uri=str(tmp_path / "model.bin"))
    monkeypatch.setattr(type(model), "path", property(lambda self: self.uri))
    assert train(0.5, model).loss == 0.25
    assert wandb.run is None
    found = recorded(tmp_path)
    assert found.rows() == [(0, {"train.loss": 0.25})]
    assert "job_type:train" in found.one("start")["tags"]
    assert [one["name"] for one in found.all("artifact")] == ["model"]
