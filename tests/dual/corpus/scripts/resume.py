"""A run that is taken up again under its id, in each of the ways."""

import wandb

for way in (None, "allow", "auto", "must", "never", True):
    try:
        with wandb.init(project="corpus", id="again", resume=way) as run:
            print(way, run.resumed, run.step)
            run.log({"a": 1})
    except Exception as error:
        print(way, type(error).__name__, error)
