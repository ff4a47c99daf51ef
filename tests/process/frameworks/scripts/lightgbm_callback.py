"""LightGBM with wandb's callback and its summary."""

import lightgbm
import numpy as np

import wandb
from wandb.integration.lightgbm import log_summary, wandb_callback

rng = np.random.default_rng(7)
features = rng.normal(size=(80, 4))
target = features[:, 0] * 2 + features[:, 1]
train = lightgbm.Dataset(features[:60], target[:60])
valid = lightgbm.Dataset(features[60:], target[60:], reference=train)
parameters = {
    "objective": "regression",
    "metric": ["rmse", "l1"],
    "num_leaves": 4,
    "min_data_in_leaf": 2,
    "verbose": -1,
}
parameters |= {"num_threads": 1, "deterministic": True, "force_row_wise": True, "seed": 7}
with wandb.init(project="trees"):
    booster = lightgbm.train(
        parameters, train, num_boost_round=6, valid_sets=[valid], valid_names=["valid"], callbacks=[wandb_callback()]
    )
    log_summary(booster, save_model_checkpoint=True)
