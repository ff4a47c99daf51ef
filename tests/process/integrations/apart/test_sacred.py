"""Sacred: an experiment runs for real."""

from pathlib import Path

import numpy
import pytest

import wandb

sacred = pytest.importorskip("sacred", exc_type=ImportError)


def test_an_experiment(read) -> None:
    """Configuration, metrics, results and artifacts of an experiment are those of the run."""
    from wandb.sacred import WandbObserver

    experiment = sacred.Experiment("demo", save_git_info=False)
    observer = WandbObserver(project="sacred", mode="offline")
    experiment.observers.append(observer)
    experiment.add_config(rate=0.5, layers=[1, 2])

    @experiment.main
    def main(rate, _run):
        for step in range(3):
            _run.log_scalar("loss", rate / (step + 1), step)
        Path("notes.txt").write_text("done", encoding="utf-8")
        _run.add_artifact("notes.txt")
        return 0.25, {"acc": 0.75}, numpy.float32(2)

    experiment.run()
    wandb.finish()
    recorded = read(observer.run)
    assert recorded.rows() == [
        (0, {"loss": 0.5}),
        (1, {"loss": 0.25}),
        (2, {"loss": pytest.approx(0.5 / 3)}),
        (3, {"result_0": 0.25}),
        (4, {"acc": 0.75}),
        (5, {"result_2": 2.0}),
    ]
    assert observer.run.config["rate"] == 0.5
    assert [one["name"] for one in recorded.all("artifact")] == ["notes.txt"]
