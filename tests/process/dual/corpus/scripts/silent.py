"""A run of which the terminal shows nothing."""

import os

os.environ["WANDB_SILENT"] = "true"
import wandb

with wandb.init(project="corpus") as run:
    run.log({"a": 1})
    print("printed")
