"""Callbacks for `xgboost.train` and XGBoost's estimators."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xgboost

import wandb
from wandb._native.integrations.active_run import active_run, importance_chart, log_model_file, summarise_best

FALLING = {"rmse", "rmsle", "mae", "mape", "mphe", "logloss", "error", "error@t", "merror"}
RISING = {"auc", "aucpr", "ndcg", "map", "ndcg@n", "map@n"}


class WandbCallback(xgboost.callback.TrainingCallback):
    """Logs the training of a booster.

    In Pluto: metrics `DATA-METRIC` and `epoch` each round, `best_score` and `best_iteration`; the booster's settings
    in the configuration; a bar chart `Feature Importance`; the model as artifact `ID_model.json`.

    Args:
        log_model: log the model at the end.
        log_feature_importance: log the chart at the end.
        importance_type: what counts: `weight`, `gain`, `cover`, `total_gain`, `total_cover`; linear models
            have `weight` only.
        define_metric: let the summary keep the best value of each metric instead of the last.

    Raises:
        wandb.Error: no run is active.

    Example:
        >>> xgboost.train(parameters, data, evals=[(data, "train")], callbacks=[WandbCallback()])
    """

    def __init__(
        self,
        log_model: bool = False,
        log_feature_importance: bool = True,
        importance_type: str = "gain",
        define_metric: bool = True,
    ) -> None:
        super().__init__()
        active_run("WandbCallback()")
        self.log_model = log_model
        self.log_feature_importance = log_feature_importance
        self.importance_type = importance_type
        self.define_metric = define_metric

    def before_training(self, model: Any) -> Any:
        """Keep the booster's settings."""
        wandb.config.update(json.loads(model.save_config()))
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: dict[str, dict[str, list[Any]]]) -> bool:
        """Log one round."""
        values: dict[str, Any] = {}
        for data, metrics in evals_log.items():
            for metric, history in metrics.items():
                if self.define_metric:
                    summarise_best(f"{data}-{metric}", metric, FALLING, RISING)
                values[f"{data}-{metric}"] = history[-1]
        self.define_metric = False
        wandb.log({**values, "epoch": epoch})
        return False

    def after_training(self, model: Any) -> Any:
        """Log what there is to say at the end."""
        if self.log_model:
            run = active_run("WandbCallback()")
            file = Path(run.dir, f"{run.id}_model.json")
            model.save_model(str(file))
            log_model_file(file.name, file)
        if self.log_feature_importance:
            scores = model.get_score(importance_type=self.importance_type)
            wandb.log({"Feature Importance": importance_chart([[name, score] for name, score in scores.items()])})
        if model.attr("best_score") is not None:
            best = {
                "best_score": float(model.attr("best_score")),
                "best_iteration": int(model.attr("best_iteration")),
            }
            wandb.log(best)
        return model


def wandb_callback() -> Callable[[Any], None]:
    """Return the callback for XGBoost before 1.3, which logs each evaluation."""
    warnings.warn("wandb_callback is for XGBoost before 1.3: use WandbCallback", UserWarning, stacklevel=2)

    def callback(env: Any) -> None:
        wandb.log(dict(env.evaluation_result_list))

    return callback
