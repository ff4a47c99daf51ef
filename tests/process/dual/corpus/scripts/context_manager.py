"""Runs as context managers, left normally and by exceptions."""

import wandb

with wandb.init(project="corpus") as run:
    run.log({"a": 1})
print(wandb.run)
for error in (ValueError("bad"), SystemExit(4), KeyboardInterrupt()):
    try:
        with wandb.init(project="corpus") as run:
            run.log({"a": 2})
            raise error
    except BaseException as caught:
        print(type(caught).__name__, caught, wandb.run)
