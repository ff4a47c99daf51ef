"""Numbers of every kind, in rows of different keys."""

import wandb

run = wandb.init(project="corpus")
print(type(run).__name__, run.step, run.id == wandb.run.id, wandb.run is run)
for step in range(30):
    print(run.log({"loss": 1 / (step + 1), "accuracy": step, "even": step % 2 == 0}))
wandb.log({"nested": {"deep": {"value": 1}, "flat": 2.5}, "train/loss": 3, "a.b": 4})
wandb.log({})
values = {key: run.summary[key] for key in sorted(run.summary.keys()) if key[0] != "_" and key != "nested"}
print(run.step, values)
run.finish()
