"""Disabled runs, in each of the ways."""

import pathlib

import numpy

import wandb

for settings in ({"mode": "disabled"}, {"settings": wandb.Settings(mode="disabled")}):
    with wandb.init(project="corpus", config={"a": 1}, **settings) as run:
        print(
            type(run).__name__, run.disabled, run.config["a"], run.log({"a": 1, "i": wandb.Image(numpy.ones((2, 2)))})
        )
        run.summary["x"] = 1
        print(run.summary["x"], run.step, run.save("x"), run.define_metric("a") is None, run.name)
print(pathlib.Path("wandb").exists())
