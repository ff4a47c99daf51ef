"""A callback for CatBoost's `fit`, and what to log after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from catboost import CatBoostClassifier, CatBoostRegressor

import wandb
from wandb._native.integrations.active_run import active_run, importance_chart, log_model_file


class WandbCallback:
    """Logs each evaluation.

    In Pluto: metrics `DATA-METRIC` and `iteration@metric-period-N`.

    Args:
        metric_period: the model's own `metric_period`, which is part of a key.

    Raises:
        wandb.Error: no run is active.
    """

    def __init__(self, metric_period: int = 1) -> None:
        active_run("WandbCallback()")
        self.metric_period = metric_period
        self._seen = 0

    def after_iteration(self, info: Any) -> bool:
        """Log what has been evaluated; CatBoost calls this also for iterations that it does not evaluate."""
        histories = {
            f"{data}-{metric}": values for data, metrics in info.metrics.items() for metric, values in metrics.items()
        }
        count = sum(map(len, histories.values()))
        if count > self._seen:
            self._seen = count
            values = {key: history[-1] for key, history in histories.items()}
            wandb.log({**values, f"iteration@metric-period-{self.metric_period}": info.iteration})
        return True


def log_summary(
    model: Any, log_all_params: bool = True, save_model_checkpoint: bool = False, log_feature_importance: bool = True
) -> None:
    """Log what there is to say about a trained model.

    In Pluto: parameters in the configuration, `best_iteration` and `best_score` in the summary, a bar chart `Feature
    Importance`, the model as artifact `model_ID` with the alias `best` or `last`.

    Args:
        model: a `CatBoostClassifier` or `CatBoostRegressor`.
        log_all_params: keep the parameters.
        save_model_checkpoint: log the model.
        log_feature_importance: log the chart.

    Raises:
        wandb.Error: no run is active, or `model` is neither.
    """
    run = active_run("log_summary()")
    if not isinstance(model, (CatBoostClassifier, CatBoostRegressor)):
        raise wandb.Error(
            f"log_summary() takes a CatBoostClassifier or a CatBoostRegressor, not {type(model).__name__}"
        )
    parameters = model.get_all_params()
    if log_all_params:
        run.config.update(parameters)
    run.summary["best_iteration"] = model.get_best_iteration()
    run.summary["best_score"] = model.get_best_score()
    if save_model_checkpoint:
        file = Path(run.dir, "model")
        model.save_model(file)
        log_model_file(f"model_{run.id}", file, ["best" if parameters["use_best_model"] else "last"])
    if log_feature_importance:
        found = model.get_feature_importance(prettified=True)
        rows = [list(pair) for pair in zip(found["Feature Id"], found["Importances"], strict=True)]
        run.log({"Feature Importance": importance_chart(rows)}, commit=False)
