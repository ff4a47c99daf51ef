"""A run that is taken up again under its id, in each of the ways."""

import time

import wandb

for way in (None, "allow", "auto", "must", "never", True):
    time.sleep(1)  # folders are named by the second: two runs of one could share theirs
    try:
        with wandb.init(project="corpus", id="again", resume=way) as run:
            print(way, run.resumed, run.step)
            run.log({"a": 1})
    except Exception as error:
        print(way, type(error).__name__, error)
