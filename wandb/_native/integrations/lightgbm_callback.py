"""A callback for `lightgbm.train` and `lightgbm.cv`, and what to log after them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lightgbm import Booster

import wandb
from wandb._native.integrations.active_run import active_run, importance_chart, log_model_file, summarise_best

FALLING = {"l1", "l2", "rmse", "mape", "huber", "fair", "poisson", "gamma", "binary_logloss"}
RISING = {"map", "auc", "average_precision"}


class _Callback:
    """LightGBM asks a callback for its order and for its time."""

    order = 20
    before_iteration = False

    def __init__(self, log_params: bool, define_metric: bool) -> None:
        self._log_params = log_params
        self._define_metric = define_metric

    def __call__(self, env: Any) -> None:
        if env.iteration == env.begin_iteration:
            self._begin(env)
        values: dict[str, Any] = {}
        for item in env.evaluation_result_list:
            key, _ = _name(item)
            if len(item) == 4:
                values[key] = item[2]
            else:  # of `cv`: the mean and the deviation over the folds
                values[f"{key}-mean"], values[f"{key}-stdv"] = item[2], item[4]
        wandb.log({**values, "iteration": env.iteration})

    def _begin(self, env: Any) -> None:
        if self._log_params:
            wandb.config.update(env.params)
        for item in env.evaluation_result_list if self._define_metric else ():
            key, metric = _name(item)
            for ending in ("",) if len(item) == 4 else ("-mean", "-stdv"):
                summarise_best(key + ending, metric + ending, FALLING, RISING)


def _name(item: tuple[Any, ...]) -> tuple[str, str]:
    """Return the key and the metric of a result."""
    data, metric = item[:2]
    if data == "cv_agg":  # before LightGBM 4 data and metric were one word each of the second place
        data, metric = metric.split() if " " in metric else ("cv_agg", metric)
    return f"{data}_{metric}", metric


def wandb_callback(log_params: bool = True, define_metric: bool = True) -> Callable[[Any], None]:
    """Return a callback that logs each round.

    In Pluto: metrics `DATA_METRIC` and `iteration`, of `lightgbm.cv` `DATA_METRIC-mean` and `-stdv`.

    Args:
        log_params: keep the training's parameters in the configuration.
        define_metric: let the summary keep the best value of each metric instead of the last.

    Example:
        >>> booster = lightgbm.train(parameters, data, valid_sets=[data], callbacks=[wandb_callback()])
        >>> log_summary(booster)
    """
    return _Callback(log_params, define_metric)


def log_summary(model: Any, feature_importance: bool = True, save_model_checkpoint: bool = False) -> None:
    """Log summary, feature importance and model of a trained booster.

    In Pluto: `best_iteration` and `best_score` in the summary, a bar chart `Feature Importance`, the model as artifact
    `model_ID` with the alias `best`.

    Args:
        model: a `lightgbm.Booster`.
        feature_importance: log the chart.
        save_model_checkpoint: log the model.

    Raises:
        wandb.Error: no run is active, or `model` is not a booster.
    """
    run = active_run("log_summary()")
    if not isinstance(model, Booster):
        raise wandb.Error(f"log_summary() takes a lightgbm.Booster, not {type(model).__name__}")
    run.summary["best_iteration"] = model.best_iteration
    run.summary["best_score"] = {data: dict(scores) for data, scores in model.best_score.items()}
    if feature_importance:
        pairs = zip(model.feature_name(), model.feature_importance().tolist(), strict=True)
        run.log({"Feature Importance": importance_chart([list(pair) for pair in pairs])}, commit=False)
    if save_model_checkpoint:
        file = Path(run.dir, f"model_ckpt_{model.best_iteration}.txt")
        model.save_model(file, num_iteration=model.best_iteration)
        log_model_file(f"model_{run.id}", file, ["best"])
