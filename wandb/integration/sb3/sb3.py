"""A callback for `learn`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from stable_baselines3.common.callbacks import BaseCallback

import wandb
from wandb._native.integrations.active_run import active_run
from wandb.errors.term import termlog, termwarn


class WandbCallback(BaseCallback):
    """Logs hyperparameters, gradients and the model; metrics come through `wandb.init(sync_tensorboard=True)`.

    In Pluto: the attributes of the algorithm and its name, `algo`, in the configuration; histograms as by `run.watch`;
    the file `model.zip`.

    Args:
        verbose: above 1: say when the model is saved.
        model_save_path: folder for `model.zip`, which is written at the end; None: do not save the model.
        model_save_freq: steps between two times that it is written; 0: at the end only.
        gradient_save_freq: passes between two histograms; 0: none.
        log: `gradients`, `parameters`, `all` or None.

    Raises:
        wandb.Error: no run is active.
        ValueError: `model_save_freq` without `model_save_path`.
    """

    def __init__(
        self,
        verbose: int = 0,
        model_save_path: str | None = None,
        model_save_freq: int = 0,
        gradient_save_freq: int = 0,
        log: Literal["gradients", "parameters", "all"] | None = "all",
    ) -> None:
        super().__init__(verbose)
        active_run("WandbCallback()")
        if log not in ("gradients", "parameters", "all", None):
            termwarn(f"log={log!r} must be one of None, 'gradients', 'parameters' and 'all': 'all' is taken")
            log = "all"
        if model_save_path is None and model_save_freq:
            raise ValueError(f"model_save_freq={model_save_freq} needs a model_save_path")
        self.model_save_path = model_save_path
        self.model_save_freq = model_save_freq
        self.gradient_save_freq = gradient_save_freq
        self.log = log
        if model_save_path is not None:
            Path(model_save_path).mkdir(parents=True, exist_ok=True)
            self.path = str(Path(model_save_path, "model.zip"))

    def _init_callback(self) -> None:
        values = {"algo": type(self.model).__name__}
        for name, value in vars(self.model).items():
            values[name] = value if type(value) in (float, int, str) else str(value)
        if self.gradient_save_freq > 0:
            wandb.watch(self.model.policy, log_freq=self.gradient_save_freq, log=self.log)
        wandb.config.setdefaults(values)

    def _on_step(self) -> bool:
        if self.model_save_freq > 0 and self.n_calls % self.model_save_freq == 0:
            self.save_model()
        return True

    def _on_training_end(self) -> None:
        if self.model_save_path is not None:
            self.save_model()

    def save_model(self) -> None:
        """Write `model.zip` and send it."""
        self.model.save(self.path)
        wandb.save(self.path, base_path=self.model_save_path)
        if self.verbose > 1:
            termlog(f"The model is saved to {self.path}")
