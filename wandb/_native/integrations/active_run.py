"""The run that an integration logs to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import wandb
from wandb.sdk.wandb_run import Run


def active_run(who: str) -> Run:
    """Return the active run.

    Args:
        who: what needs it, for the error.

    Raises:
        wandb.Error: not found.
    """
    if wandb.run is None:
        raise wandb.Error(f"You must call `wandb.init()` before `{who}`")
    return wandb.run


def log_model_file(name: str, file: str | Path, aliases: list[str] | None = None) -> None:
    """Log a file or a folder as an artifact of type `model`."""
    artifact = wandb.Artifact(name, type="model")
    if Path(file).is_dir():
        artifact.add_dir(str(file))
    else:
        artifact.add_file(str(file))
    wandb.log_artifact(artifact, aliases=aliases or [])


def importance_chart(rows: list[list[Any]]) -> Any:
    """Return a bar chart of features and their importance."""
    table = wandb.Table(data=rows, columns=["Feature", "Importance"])
    return wandb.plot.bar(table, "Feature", "Importance", title="Feature Importance")


def summarise_best(key: str, metric: str, falling: set[str], rising: set[str]) -> None:
    """Let the summary keep the best value of a metric: the lowest of a loss, the highest of a score."""
    metric = metric.lower()
    if "loss" in metric or metric in falling:
        wandb.define_metric(key, summary="min")
    elif metric in rising:
        wandb.define_metric(key, summary="max")
