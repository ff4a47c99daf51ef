"""How integrations look at wandb and its run before they use them."""

import importlib.util

import wandb
from wandb.sdk.lib import RunDisabled
from wandb.wandb_run import Run

print(importlib.util.find_spec("wandb").name, isinstance(wandb.run, Run))
run = wandb.init(project="corpus", id="experiment")
print(isinstance(run, (Run, RunDisabled)), wandb.run is not None, getattr(run, "define_metric", None) is not None)
run.define_metric("trainer/global_step")
run.define_metric("*", step_metric="trainer/global_step", step_sync=True)
run.log({"trainer/global_step": 10, "loss": 1})
run.log({"trainer/global_step": 20, "loss": 2})
for _ in range(5):
    try:
        attached = wandb._attach(run.id)
        break
    except wandb.errors.UsageError:  # old releases wait for their service, but not for long on a busy machine
        attached = None
print(type(attached).__name__, attached.id == run.id)
run.finish()
