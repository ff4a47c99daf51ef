"""Callbacks that log what a YOLO model learns: losses and rates, scores of validation, and its best weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ultralytics.utils import RANK

import wandb
from wandb._native.integrations.active_run import active_run, log_model_file


class WandbCallback:
    """Logs a training; see `add_callbacks`."""

    def __init__(
        self,
        yolo: Any,
        run_name: str | None = None,
        project: str | None = None,
        tags: list[str] | None = None,
        resume: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.yolo = yolo
        self._init = {"name": run_name, "project": project, "tags": tags, "resume": resume, **kwargs}

    def on_pretrain_routine_start(self, trainer: Any) -> None:
        """Begin a run, or go on with the active one, with the settings of the training."""
        if wandb.run is None:
            project = self._init["project"] or trainer.args.project or f"YOLOv8-{trainer.args.task}"
            wandb.init(**{**self._init, "project": project})
        wandb.config.update(vars(trainer.args), allow_val_change=True)

    def on_train_epoch_end(self, trainer: Any) -> None:
        """Log the mean losses of an epoch and the learning rates."""
        wandb.log({**trainer.label_loss_items(trainer.tloss, prefix="train"), **trainer.lr}, step=trainer.epoch + 1)

    def on_fit_epoch_end(self, trainer: Any) -> None:
        """Log the scores of validation."""
        wandb.log(dict(trainer.metrics), step=trainer.epoch + 1)

    def on_train_end(self, trainer: Any) -> None:
        """Log the best weights."""
        if trainer.best.exists():
            log_model_file(f"run_{active_run('add_callbacks()').id}_model", trainer.best, ["best"])

    @property
    def callbacks(self) -> dict[str, Callable[[Any], None]]:
        """The callbacks, by the event that calls them."""
        events = ("pretrain_routine_start", "train_epoch_end", "fit_epoch_end", "train_end")
        return {f"on_{event}": getattr(self, f"on_{event}") for event in events}


def add_callbacks(
    yolo: Any,
    run_name: str | None = None,
    project: str | None = None,
    tags: list[str] | None = None,
    resume: str | None = None,
    **kwargs: Any,
) -> Any:
    """Log the trainings of a YOLO model.

    Args:
        yolo: `ultralytics.YOLO`.
        run_name: of a run that is begun where none is active.
        project: of such a run; by default the training's, else `YOLOv8-TASK`.
        tags, resume: of such a run; see `wandb.init`.
        **kwargs: further arguments of `wandb.init`.

    Returns:
        The model.

    Example:
        >>> add_callbacks(YOLO("yolov8n.yaml"), project="cells").train(data="coco8.yaml", epochs=3)
    """
    if RANK in (-1, 0):
        for event, callback in WandbCallback(yolo, run_name, project, tags, resume, **kwargs).callbacks.items():
            yolo.add_callback(event, callback)
    return yolo
