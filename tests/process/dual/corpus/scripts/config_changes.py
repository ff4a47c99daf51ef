"""Configuration from every side: at the begin, by key, attribute and update, with odd values."""

import argparse

import numpy

import wandb

options = argparse.Namespace(lr=0.1, layers=[1, 2])
run = wandb.init(project="corpus", config=options)
run.config.batch = 32
run.config["optimizer"] = {"name": "sgd", "momentum": 0.9}
run.config.update({"epochs": 3, "nested": {"a": {"b": 1}}})
print(wandb.config.lr, run.config["nested"], run.config.get("missing", "default"))
try:
    run.config.update({"lr": 0.2})
except Exception as error:
    print(type(error).__name__, error)
run.config.update({"lr": 0.2}, allow_val_change=True)
run.config.setdefaults({"lr": 5, "new": 6})
run.config.update({"array": numpy.arange(3), "scalar": numpy.float32(0.5), "type": int, "none": None, "tuple": (1, 2)})
run.config.update({"nan": float("nan"), "set": {1}, "text": "größer", "function": len, "object": object})
for missing in ("x", "y"):
    try:
        print(run.config[missing])
    except Exception as error:
        print(type(error).__name__, error)
print(sorted(run.config.keys()), "lr" in run.config, run.config.as_dict()["epochs"])
run.finish()
