"""Callbacks for `model.fit`."""

from __future__ import annotations

import abc
import os
from pathlib import Path
from string import Formatter
from typing import Any, Literal

from tensorflow.keras import callbacks

import wandb
from wandb._native.integrations.active_run import active_run, log_model_file
from wandb._native.integrations.keras_callback import WandbCallback as WandbCallback
from wandb.errors.term import termerror, termwarn


def learning_rate(model: Any, step: int) -> float | None:
    """Return the learning rate of a model's optimizer, of a schedule that at a step; None if it has none."""
    try:
        rate = model.optimizer.learning_rate
        return float(rate(step) if callable(rate) and not hasattr(rate, "shape") else rate)
    except (AttributeError, TypeError, ValueError) as error:
        termerror(f"Unable to log learning rate: {error}", repeat=False)
        return None


class WandbMetricsLogger(callbacks.Callback):
    """Logs the metrics of `model.fit`, and the learning rate.

    In Pluto: metrics `epoch/METRIC`, `epoch/epoch` and `epoch/learning_rate`, or `batch/METRIC`, `batch/batch_step` and
    `batch/learning_rate`.

    Args:
        log_freq: `epoch`; `batch`; or the number of batches between two rows.
        initial_global_step: batches that a resumed training has behind it, for learning rate schedules.

    Raises:
        wandb.Error: no run is active.
    """

    def __init__(
        self,
        log_freq: Literal["epoch", "batch"] | int = "epoch",
        initial_global_step: int = 0,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        active_run("WandbMetricsLogger()")
        if log_freq == "batch":
            log_freq = 1
        self.logging_batch_wise = isinstance(log_freq, int)
        self.log_freq = log_freq if isinstance(log_freq, int) else None
        self.global_batch = 0
        self.global_step = initial_global_step
        prefix, steps = ("batch", "batch_step") if self.logging_batch_wise else ("epoch", "epoch")
        wandb.define_metric(f"{prefix}/{steps}")
        wandb.define_metric(f"{prefix}/*", step_metric=f"{prefix}/{steps}")

    def _get_lr(self) -> float | None:
        return learning_rate(self.model, self.global_step)

    def _row(self, prefix: str, logs: dict[str, Any] | None, steps: str, step: int) -> None:
        values = {f"{prefix}/{key}": value for key, value in (logs or {}).items()}
        values[f"{prefix}/{steps}"] = step
        if (rate := self._get_lr()) is not None:
            values[f"{prefix}/learning_rate"] = rate
        wandb.log(values)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Log the epoch, also when batches are logged, as wandb does."""
        self._row("epoch", logs, "epoch", epoch)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Log the batch when its turn has come."""
        self.global_step += 1
        if self.log_freq is not None and batch % self.log_freq == 0:
            self._row("batch", logs, "batch_step", self.global_batch)
            self.global_batch += self.log_freq


class WandbModelCheckpoint(callbacks.ModelCheckpoint):
    """Keras' `ModelCheckpoint`, whose files are logged as artifacts.

    In Pluto: a version of the artifact `run_ID_model`, of type `model`, with the aliases `latest` and `epoch_N` or
    `epoch_N_batch_M`.

    Args:
        filepath: where to save; may hold names of metrics, `epoch` and `batch` in braces.
        monitor: the metric that tells which model is best.
        verbose: 1: say when something is saved.
        save_best_only: save when `monitor` is better than before.
        save_weights_only: save weights instead of the model.
        mode: `min`, `max` or `auto`.
        save_freq: `epoch`, or the number of batches between two files.
        initial_value_threshold: what `monitor` has to be better than at first.

    Raises:
        wandb.Error: no run is active.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: Literal["auto", "min", "max"] = "auto",
        save_freq: Literal["epoch"] | int = "epoch",
        initial_value_threshold: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filepath=filepath,
            monitor=monitor,
            verbose=verbose,
            save_best_only=save_best_only,
            save_weights_only=save_weights_only,
            mode=mode,
            save_freq=save_freq,
            initial_value_threshold=initial_value_threshold,
            **kwargs,
        )
        active_run("WandbModelCheckpoint()")
        if save_best_only and all(name is None for _, name, _, _ in Formatter().parse(os.fspath(filepath))):
            termwarn(
                f"With save_best_only every best model overwrites {os.fspath(filepath)}: a name with {{epoch:02d}} in"
                " it keeps them apart",
                repeat=False,
            )

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Save and log when the turn of this batch has come."""
        if self._should_save_on_batch(batch):
            self._save_model(epoch=self._current_epoch, batch=batch, logs=logs)
            self._log(self._current_epoch, batch, logs, f"epoch_{self._current_epoch}_batch_{batch}")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Save and log."""
        super().on_epoch_end(epoch, logs)
        if self.save_freq == "epoch":
            self._log(epoch, None, logs, f"epoch_{epoch}")

    def _log(self, epoch: int, batch: int | None, logs: dict[str, Any] | None, alias: str) -> None:
        file = Path(self._get_file_path(epoch=epoch, batch=batch, logs=logs))
        # Not there: this model was not the best one.
        if file.exists():
            log_model_file(f"run_{active_run('WandbModelCheckpoint()').id}_model", file, ["latest", alias])


class WandbEvalCallback(callbacks.Callback, abc.ABC):
    """Base of callbacks that log tables of what is true and what is predicted.

    In Pluto: `data_table` as artifact `val`, `pred_table` as a version of the artifact `run_ID_pred` each epoch.

    Write `add_ground_truth`, which adds rows to `self.data_table`, and `add_model_predictions`, which adds rows to
    `self.pred_table` and may take what it repeats from `self.data_table_ref`.

    Args:
        data_table_columns: names of the columns of `data_table`.
        pred_table_columns: names of the columns of `pred_table`.

    Raises:
        wandb.Error: no run is active.
    """

    def __init__(self, data_table_columns: list[str], pred_table_columns: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active_run("WandbEvalCallback()")
        self.data_table_columns = data_table_columns
        self.pred_table_columns = pred_table_columns

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Make and log the table of what is true."""
        self.init_data_table(column_names=self.data_table_columns)
        self.add_ground_truth(logs)
        self.log_data_table()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Make and log the table of predictions."""
        self.init_pred_table(column_names=self.pred_table_columns)
        self.add_model_predictions(epoch, logs)
        self.log_pred_table()

    @abc.abstractmethod
    def add_ground_truth(self, logs: dict[str, Any] | None = None) -> None:
        """Add rows to `self.data_table`."""

    @abc.abstractmethod
    def add_model_predictions(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add rows to `self.pred_table`."""

    def init_data_table(self, column_names: list[str]) -> None:
        """Begin `data_table`."""
        self.data_table = wandb.Table(columns=column_names, allow_mixed_types=True)

    def init_pred_table(self, column_names: list[str]) -> None:
        """Begin `pred_table`."""
        self.pred_table = wandb.Table(columns=column_names)

    def log_data_table(self, name: str = "val", type: str = "dataset", table_name: str = "val_data") -> None:
        """Log `data_table` as an artifact that the run uses, and keep it as `data_table_ref`."""
        artifact = wandb.Artifact(name, type=type)
        artifact.add(self.data_table, table_name)
        run = active_run("WandbEvalCallback()")
        (run.log_artifact if run.offline else run.use_artifact)(artifact)  # what is used must be on the server
        self.data_table_ref = self.data_table

    def log_pred_table(
        self, type: str = "evaluation", table_name: str = "eval_data", aliases: list[str] | None = None
    ) -> None:
        """Log `pred_table` as a version of an artifact."""
        run = active_run("WandbEvalCallback()")
        artifact = wandb.Artifact(f"run_{run.id}_pred", type=type)
        artifact.add(self.pred_table, table_name)
        run.log_artifact(artifact, aliases=aliases or ["latest"])
