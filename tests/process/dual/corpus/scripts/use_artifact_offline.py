"""An artifact asked for where there is no server."""

import wandb

with wandb.init(project="corpus") as run:
    for name in ("dataset:latest", "entity/project/dataset:v0", 5):
        try:
            print(run.use_artifact(name))
        except Exception as error:
            print(type(error).__name__, error)
    run.log({"a": 1})
