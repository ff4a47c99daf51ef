"""XGBoost with wandb's callback: metrics of each round, the feature importance and the model."""

import numpy as np
import xgboost

import wandb
from wandb.integration.xgboost import WandbCallback

rng = np.random.default_rng(7)
features = rng.normal(size=(60, 4))
target = features[:, 0] * 2 + features[:, 1]
train, valid = xgboost.DMatrix(features[:40], target[:40]), xgboost.DMatrix(features[40:], target[40:])
with wandb.init(project="trees", config={"note": "tiny"}) as run:
    booster = xgboost.train(
        {"max_depth": 2, "eta": 0.3, "seed": 7, "nthread": 1, "objective": "reg:squarederror"},
        train,
        num_boost_round=6,
        evals=[(train, "train"), (valid, "valid")],
        callbacks=[WandbCallback(log_model=True, log_feature_importance=True, importance_type="gain")],
        verbose_eval=False,
    )
