"""CatBoost with wandb's callback and its summary."""

import numpy as np
from catboost import CatBoostRegressor

import wandb
from wandb.integration.catboost import WandbCallback, log_summary

rng = np.random.default_rng(7)
features = rng.normal(size=(80, 4))
target = features[:, 0] * 2 + features[:, 1]
with wandb.init(project="trees"):
    model = CatBoostRegressor(
        iterations=6, depth=2, random_seed=7, thread_count=1, verbose=False, allow_writing_files=False
    )
    model.fit(features[:60], target[:60], eval_set=(features[60:], target[60:]), callbacks=[WandbCallback()])
    log_summary(model, save_model_checkpoint=True)
