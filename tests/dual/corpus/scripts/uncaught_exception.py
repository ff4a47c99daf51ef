"""A script that ends with an exception."""

import wandb

wandb.init(project="corpus")
for step in range(3):
    wandb.log({"loss": step})
raise RuntimeError("the training has failed")
