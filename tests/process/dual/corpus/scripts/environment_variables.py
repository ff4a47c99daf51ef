"""What WANDB_* variables set."""

import os

os.environ.update(
    WANDB_PROJECT="from-environment",
    WANDB_NAME="named",
    WANDB_NOTES="noted",
    WANDB_TAGS="x,y",
    WANDB_RUN_GROUP="grouped",
    WANDB_JOB_TYPE="typed",
    WANDB_RUN_ID="given-id",
    WANDB_DIR="runs",
    WANDB_CONSOLE="off",
    WANDB_ENTITY="someone",
)
os.makedirs("runs")
import wandb

with wandb.init() as run:
    print(run.project, run.name, run.notes, run.tags, run.group, run.job_type, run.id, run.entity)
    print("not captured")
    run.log({"a": 1})
