"""Steps that are given, skipped, repeated and too low, with and without commit."""

import wandb

with wandb.init(project="corpus") as run:
    run.log({"a": 1}, step=5)
    run.log({"b": 1}, step=5)
    run.log({"a": 2}, step=5)
    run.log({"late": 1}, step=3)
    print(run.step)
    run.log({"a": 3})
    run.log({"a": 4}, step=20, commit=True)
    run.log({"a": 5}, step=20)
    run.log({"a": 6}, step=21, commit=False)
    print(run.step)
    run.log({"a": 7})
    run.log({"a": 8}, step=100)
