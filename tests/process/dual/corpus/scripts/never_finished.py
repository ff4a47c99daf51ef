"""A script that just ends, without `finish`."""

import atexit

import wandb

atexit.register(print, "registered before wandb")
run = wandb.init(project="corpus")
atexit.register(print, "registered after init")
run.log({"a": 1})
print("end of script")
