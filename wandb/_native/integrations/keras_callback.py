"""`wandb.keras.WandbCallback`, the one callback that wandb had for Keras until 0.27."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import keras
import numpy
from tensorflow.keras import callbacks

import wandb
from wandb._native.integrations.active_run import active_run, log_model_file
from wandb.errors.term import termlog, termwarn

_UNSUPPORTED = ("log_gradients", "log_evaluation", "log_evaluation_frequency", "compute_flops")


class WandbCallback(callbacks.Callback):
    """Logs the metrics of each epoch, keeps the best model, and on demand weights, batches and sample predictions.

    In Pluto: metrics as Keras names them, and `epoch`; `best_METRIC` and `best_epoch` in the summary; histograms
    `parameters/LAYER.weights` and `.bias`; images `examples`; the best model as artifact `model-NAME`.

    Args:
        monitor: the metric that tells which model is best.
        verbose: 1: say when the best model is saved.
        mode: `min`, `max` or `auto`: by the metric's name.
        save_weights_only: keep weights instead of the model.
        log_weights: log histograms of the weights each epoch.
        save_model: keep the best model.
        training_data: accepted; it was for gradients.
        validation_data: inputs and targets that `examples` are taken from.
        labels: names of the classes.
        predictions: how many examples.
        generator: gives new `validation_data` each epoch.
        input_type: `image` or `images`: log examples.
        log_batch_frequency: batches between two further rows; None: only epochs.
        log_best_prefix: what comes before `monitor` in the summary; None: nothing in the summary.
        save_graph: keep the model's layers in the summary.
        kwargs: arguments of older releases, accepted. Those that log gradients, evaluations or flops cause a warning.

    Raises:
        wandb.Error: no run is active.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        verbose: int = 0,
        mode: Literal["auto", "min", "max"] = "auto",
        save_weights_only: bool = False,
        log_weights: bool = False,
        log_gradients: bool = False,
        save_model: bool = True,
        training_data: Any = None,
        validation_data: Any = None,
        labels: Sequence[str] | None = None,
        predictions: int = 36,
        generator: Iterator[Any] | None = None,
        input_type: str | None = None,
        output_type: str | None = None,
        log_evaluation: bool = False,
        validation_steps: int | None = None,
        class_colors: Any = None,
        log_batch_frequency: int | None = None,
        log_best_prefix: str | None = "best_",
        save_graph: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        active_run("WandbCallback()")
        asked = {"log_gradients": log_gradients, "log_evaluation": log_evaluation, **kwargs}
        for name in _UNSUPPORTED:
            if asked.get(name):
                termwarn(
                    f"WandbCallback({name}=...) is not available in Pluto; training continues without it.", repeat=False
                )
        self.monitor, self.verbose, self.save_weights_only, self.save_model = (
            monitor,
            verbose,
            save_weights_only,
            save_model,
        )
        self.log_weights, self.labels, self.predictions = log_weights, list(labels or ()), predictions
        self.validation_data, self.generator, self.input_type = validation_data, generator, input_type
        self.log_batch_frequency, self.log_best_prefix, self.save_graph = (
            log_batch_frequency,
            log_best_prefix,
            save_graph,
        )
        rising = mode == "max" or (mode == "auto" and ("acc" in monitor or monitor.startswith("fmeasure")))
        self.best = -numpy.inf if rising else numpy.inf
        self._better = numpy.greater if rising else numpy.less

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Keep the model's layers."""
        if self.save_graph and self.model.built:
            wandb.summary["graph"] = wandb.Graph.from_keras(self.model)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Log the batch when its turn has come."""
        if self.log_batch_frequency and batch % self.log_batch_frequency == 0:
            wandb.log(dict(logs or {}))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Log the epoch, and keep the model if it is the best."""
        logs = dict(logs or {})
        values: dict[str, Any] = {**(self._weights() if self.log_weights else {}), "epoch": epoch, **logs}
        if self.input_type in ("image", "images") and (examples := self._examples()):
            values["examples"] = examples
        wandb.log(values)
        value = logs.get(self.monitor)
        if value is not None and self._better(value, self.best):
            self.best = value
            if self.log_best_prefix:
                wandb.summary[f"{self.log_best_prefix}{self.monitor}"] = value
                wandb.summary[f"{self.log_best_prefix}epoch"] = epoch
            if self.save_model:
                self._save(epoch)

    def _weights(self) -> dict[str, Any]:
        found = {}
        for layer in self.model.layers:
            for weights, ending in zip(layer.get_weights(), ("weights", "bias"), strict=False):
                found[f"parameters/{layer.name}.{ending}"] = wandb.Histogram(weights)
        return found

    def _examples(self) -> list[Any]:
        if self.generator is not None:
            self.validation_data = next(self.generator)
        if self.validation_data is None:
            termwarn("WandbCallback has no validation_data and no generator to take examples from", repeat=False)
            return []
        images = numpy.asarray(self.validation_data[0])[: self.predictions]
        answers = numpy.asarray(self.model.predict(images, verbose=0))
        return [wandb.Image(one, caption=self._caption(answer)) for one, answer in zip(images, answers, strict=True)]

    def _caption(self, answer: Any) -> str | None:
        if answer.ndim != 1:
            return None
        index = int(answer.argmax()) if answer.size > 1 else int(answer[0] > 0.5)
        if self.labels:
            return str(self.labels[index])
        return str(index if answer.size > 1 else answer[0])

    def _save(self, epoch: int) -> None:
        run = active_run("WandbCallback()")
        new = int(keras.__version__.partition(".")[0]) >= 3
        file = Path(run.dir, "model-best.weights.h5" if new and self.save_weights_only else "model-best.h5")
        (self.model.save_weights if self.save_weights_only else self.model.save)(str(file), overwrite=True)
        if self.verbose:
            termlog(f"Epoch {epoch}: {self.monitor} is the best so far, {self.best:.5g}; the model is in {file}")
        log_model_file(f"model-{run.name}", file, ["latest", f"epoch_{epoch}"])
