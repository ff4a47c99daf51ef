"""A script that ends with `sys.exit(3)`."""

import sys

import wandb

wandb.init(project="corpus")
wandb.log({"loss": 1})
sys.exit(3)
