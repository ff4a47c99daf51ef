"""What of sweeps works offline: a run with the sweep's variables, and the calls that need the server."""

import os
import pathlib

pathlib.Path("sweep-config.yaml").write_text("wandb_version: 1\nlr:\n  value: 0.25\nlayers:\n  value: 3\n")
os.environ.update(
    WANDB_SWEEP_ID="sweep123", WANDB_RUN_ID="trial-1", WANDB_SWEEP_PARAM_PATH=os.path.abspath("sweep-config.yaml")
)
import wandb

with wandb.init(project="corpus", config={"lr": 1, "other": 2}) as run:
    print(run.sweep_id, dict(run.config), run.sweep_url)
    run.log({"a": 1})
for call in (lambda: wandb.sweep(5), lambda: wandb.agent(5)):
    try:
        print(call())
    except Exception as error:
        print(type(error).__name__, error)
