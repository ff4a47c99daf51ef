"""CatBoost: a tiny model is trained for real."""

import numpy
import pytest

import wandb

catboost = pytest.importorskip("catboost", exc_type=ImportError)


def test_training(read) -> None:
    """Each evaluation is a row; `log_summary` adds parameters, the best score, chart and model."""
    from wandb.catboost import WandbCallback, log_summary

    x = numpy.random.RandomState(0).rand(60, 3)
    run = wandb.init(mode="offline")
    model = catboost.CatBoostRegressor(iterations=5, depth=2, metric_period=2, verbose=False, allow_writing_files=False)
    model.fit(x, x[:, 0], eval_set=(x, x[:, 0]), callbacks=[WandbCallback(metric_period=2)])
    log_summary(model, save_model_checkpoint=True)
    run.finish()
    recorded = read(run)
    rows = [row for _, row in recorded.rows() if "validation-RMSE" in row]
    assert [row["iteration@metric-period-2"] for row in rows] == [1, 3, 5]
    assert rows[-1]["learn-RMSE"] == pytest.approx(model.get_best_score()["learn"]["RMSE"])
    assert run.config["depth"] == 2
    assert run.summary["best_iteration"] == model.get_best_iteration()
    assert [chart["key"] for chart in recorded.about()["custom_charts"]] == ["Feature Importance"]
    assert [one["name"] for one in recorded.all("artifact")] == [f"model_{run.id}"]
