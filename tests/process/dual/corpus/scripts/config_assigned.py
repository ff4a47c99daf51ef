"""The module's config replaced by a plain dict, as some scripts do."""

import wandb

run = wandb.init(project="corpus", config={"lr": 1})
wandb.config = {"mine": 1}
print(wandb.config, dict(run.config))
wandb.log({"a": 1})
wandb.finish()
