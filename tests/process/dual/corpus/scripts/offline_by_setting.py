"""Offline by argument and by `Settings`, with folders of one's own."""

import os

os.environ.pop("WANDB_MODE")
import wandb

os.makedirs("elsewhere")
with wandb.init(project="corpus", mode="offline", dir="elsewhere") as run:
    run.log({"a": 1})
    print(run.offline, os.path.relpath(run.dir).split(os.sep)[:2], run.settings.mode)
with wandb.init(project="corpus", settings=wandb.Settings(mode="offline")) as run:
    run.log({"a": 2})
    print(run.url, run.settings.run_id == run.id)
