"""A script that shows tracebacks of what wandb raises and ends with an exception."""

import traceback

import wandb

try:
    wandb.init(project="a/b")
except Exception:
    traceback.print_exc()
run = wandb.init(project="corpus")
for step in range(3):
    wandb.log({"loss": step})
for wrong in (lambda: wandb.log(5), lambda: run.alert(), lambda: run.log_artifact(5), lambda: setattr(run, "tags", 5)):
    try:
        wrong()
    except Exception:
        traceback.print_exc()
raise RuntimeError("the training has failed")
