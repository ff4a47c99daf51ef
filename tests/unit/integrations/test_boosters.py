"""XGBoost and LightGBM: a tiny model is trained for real."""

import numpy
import pytest

import wandb

X = numpy.random.RandomState(0).rand(80, 3)
Y = (X[:, 0] + X[:, 1] > 1).astype(int)


def test_xgboost(read) -> None:
    """Each round is a row, the summary has the best values, the chart and the model are there at the end."""
    xgboost = pytest.importorskip("xgboost")
    from wandb.xgboost import WandbCallback

    run = wandb.init(mode="offline")
    data = xgboost.DMatrix(X, Y)
    parameters = {"objective": "binary:logistic", "eval_metric": ["logloss", "auc"], "max_depth": 2}
    seen: dict[str, dict[str, list[float]]] = {}
    xgboost.train(
        parameters,
        data,
        5,
        evals=[(data, "train")],
        evals_result=seen,
        early_stopping_rounds=3,
        verbose_eval=False,
        callbacks=[WandbCallback(log_model=True)],
    )
    run.finish()
    recorded = read(run)
    rounds = [row for _, row in recorded.rows() if "epoch" in row]
    assert [row["epoch"] for row in rounds] == [0, 1, 2, 3, 4]
    assert [row["train-logloss"] for row in rounds] == pytest.approx(seen["train"]["logloss"])
    assert run.summary["train-logloss"]["min"] == pytest.approx(min(seen["train"]["logloss"]))
    assert run.summary["train-auc"]["max"] == pytest.approx(max(seen["train"]["auc"]))
    assert run.summary["best_iteration"] >= 0
    assert run.config["learner"]["objective"]["name"] == "binary:logistic"
    assert [chart["key"] for chart in recorded.about()["custom_charts"]] == ["Feature Importance"]
    assert [one["name"] for one in recorded.all("artifact")] == [f"{run.id}_model.json"]


def test_the_old_callback_of_xgboost(read) -> None:
    """`wandb_callback` of the days before XGBoost 1.3 logs the evaluations that it is handed."""
    pytest.importorskip("xgboost")
    from types import SimpleNamespace

    from wandb.integration.xgboost import wandb_callback

    run = wandb.init(mode="offline")
    with pytest.warns(UserWarning, match="WandbCallback"):
        callback = wandb_callback()
    callback(SimpleNamespace(evaluation_result_list=[("train-rmse", 0.5), ("test-rmse", 0.75)]))
    run.finish()
    assert read(run).rows() == [(0, {"train-rmse": 0.5, "test-rmse": 0.75})]


def test_lightgbm(read) -> None:
    """Each iteration is a row, parameters are configuration; `log_summary` adds the best score, chart and model."""
    lightgbm = pytest.importorskip("lightgbm")
    from wandb.lightgbm import log_summary, wandb_callback

    run = wandb.init(mode="offline")
    data = lightgbm.Dataset(X, Y)
    parameters = {"objective": "binary", "metric": ["binary_logloss", "auc"], "verbose": -1, "num_leaves": 4}
    booster = lightgbm.train(
        parameters, data, 4, valid_sets=[data], valid_names=["train"], callbacks=[wandb_callback()]
    )
    log_summary(booster, save_model_checkpoint=True)
    run.finish()
    recorded = read(run)
    rounds = [row for _, row in recorded.rows() if "iteration" in row]
    assert [row["iteration"] for row in rounds] == [0, 1, 2, 3]
    assert set(rounds[0]) == {"iteration", "train_binary_logloss", "train_auc"}
    assert run.config["num_leaves"] == 4
    assert run.summary["train_binary_logloss"]["min"] == rounds[-1]["train_binary_logloss"]
    assert run.summary["best_score"]["train"]["auc"] == pytest.approx(rounds[-1]["train_auc"])
    assert [chart["key"] for chart in recorded.about()["custom_charts"]] == ["Feature Importance"]
    (artifact,) = recorded.all("artifact")
    assert (artifact["name"], artifact["aliases"]) == (f"model_{run.id}", ["best"])


def test_cross_validation_of_lightgbm(read) -> None:
    """Of `lightgbm.cv` the mean and the deviation over the folds are logged."""
    lightgbm = pytest.importorskip("lightgbm")
    from wandb.integration.lightgbm import wandb_callback

    run = wandb.init(mode="offline")
    parameters = {"objective": "binary", "metric": "auc", "verbose": -1, "num_leaves": 4}
    found = lightgbm.cv(parameters, lightgbm.Dataset(X, Y), 2, nfold=2, callbacks=[wandb_callback()])
    run.finish()
    rows = [row for _, row in read(run).rows()]
    assert [row["valid_auc-mean"] for row in rows] == pytest.approx(found["valid auc-mean"])
    assert [row["valid_auc-stdv"] for row in rows] == pytest.approx(found["valid auc-stdv"])
