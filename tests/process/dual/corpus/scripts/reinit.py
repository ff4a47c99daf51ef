"""A second `init` while a run is going on, in each of the ways."""

import wandb

first = wandb.init(project="corpus", id="first")
again = wandb.init(project="corpus", id="second")
print(again is first, wandb.run.id)
again = wandb.init(project="corpus", id="third", reinit=True)
print(again is first, wandb.run.id)
again.log({"a": 1})
for way in ("finish_previous", "create_new", "return_previous", "nonsense"):
    try:
        run = wandb.init(project="corpus", id=way.replace("_", "-"), reinit=way)
        run.log({"b": 1})
        print(way, run.id, wandb.run.id)
    except Exception as error:
        print(way, type(error).__name__, error)
wandb.finish()
