"""An observer for `experiment.observers`."""

from __future__ import annotations

import os
import pickle
from typing import Any

import numpy
from sacred.observers import RunObserver

import wandb


class WandbObserver(RunObserver):
    """Logs the runs of a Sacred experiment to one run.

    In Pluto: the experiment's configuration; its metrics under their names; results as `result_0`, `result_1`…;
    arrays as images; artifacts and results that are files as artifacts.

    Args:
        kwargs: arguments of `wandb.init`.

    Example:
        >>> experiment.observers.append(WandbObserver(project="demo"))
    """

    def __init__(self, **kwargs: Any) -> None:
        self.run = wandb.init(**kwargs)
        self.resources: dict[str, None] = {}

    def started_event(
        self, ex_info: Any, command: Any, host_info: Any, start_time: Any, config: Any, meta_info: Any, _id: Any
    ) -> None:
        """Keep the configuration."""
        self.run.config.update(config)
        self.run.config["resources"] = []

    def log_metrics(self, metrics_by_name: dict[str, Any], info: Any) -> None:
        """Log what has been measured since the last time."""
        for name, measured in metrics_by_name.items():
            for value in measured["values"]:
                self.run.log({name: _value(value)})

    def completed_event(self, stop_time: Any, result: Any) -> None:
        """Log what the experiment has returned."""
        if result is None:
            return
        for index, one in enumerate(result if isinstance(result, tuple) else (result,)):
            key = f"result_{index}"
            if isinstance(one, dict):
                self.run.log(one)
            elif isinstance(one, (bool, int, float, numpy.generic, numpy.ndarray)):
                self.run.log({key: _value(one)})
            else:
                artifact = wandb.Artifact(f"{key}.pkl", type="result")
                if isinstance(one, (str, os.PathLike)) and os.path.isfile(one):  # noqa: PTH113
                    artifact.add_file(os.fspath(one))
                else:
                    with artifact.new_file(f"{key}.pkl", "wb") as file:
                        pickle.dump(one, file)
                self.run.log_artifact(artifact)

    def artifact_event(self, name: str, filename: str, metadata: Any = None, content_type: str | None = None) -> None:
        """Log a file as an artifact."""
        artifact = wandb.Artifact(wandb.util.make_artifact_name_safe(name), type=content_type or "file")
        artifact.add_file(filename)
        self.run.log_artifact(artifact)

    def resource_event(self, filename: str) -> None:
        """Remember a file that the experiment has opened."""
        self.resources[filename] = None
        self.run.config.update({"resources": list(self.resources)}, allow_val_change=True)


def _value(value: Any) -> Any:
    return wandb.Image(value) if isinstance(value, numpy.ndarray) else value
