"""fastai with its callback for wandb on a small table: losses, metrics, parameters and the model."""

import numpy as np
import pandas as pd
from fastai.callback.tracker import SaveModelCallback
from fastai.callback.wandb import WandbCallback
from fastai.tabular.all import Normalize, TabularDataLoaders, accuracy, set_seed, tabular_learner

import wandb

set_seed(7, reproducible=True)
rng = np.random.default_rng(7)
rows = pd.DataFrame(rng.normal(size=(64, 3)).astype("float32"), columns=["a", "b", "c"])
rows["kind"] = np.where(rows["a"] > 0, "yes", "no")
with wandb.init(project="fastai", tags=["f"]) as run:
    loaders = TabularDataLoaders.from_df(
        rows, procs=[Normalize], cont_names=["a", "b", "c"], y_names="kind", valid_idx=list(range(48, 64)), bs=16
    )
    learner = tabular_learner(loaders, layers=[4], metrics=accuracy)
    learner.fit(2, cbs=[WandbCallback(log_preds=False, log_model=True), SaveModelCallback()])
