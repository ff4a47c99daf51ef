"""Rows that are put together from several calls."""

import wandb

with wandb.init(project="corpus") as run:
    for step in range(5):
        run.log({"first": step}, commit=False)
        run.log({"second": step}, commit=False)
        run.log({"third": step})
        print(run.step)
    run.log({"same": 1}, commit=False)
    run.log({"same": 2}, commit=False)
    run.log(commit=True, data={"same": 3})
    run.log({"left": 1}, commit=False)
