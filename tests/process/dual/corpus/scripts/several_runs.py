"""Runs one after the other, with `finish` and its arguments."""

import wandb

for number in range(3):
    run = wandb.init(project="corpus", id=f"number-{number}", config={"number": number}, reinit=True)
    for step in range(3):
        run.log({"a": number * step})
    print(run.finish(exit_code=number) if number else wandb.finish())
    print(wandb.run, type(wandb.log).__name__)
