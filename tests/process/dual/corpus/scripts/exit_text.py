"""A script that ends with `sys.exit` and a sentence."""

import sys

import wandb

wandb.init(project="corpus")
wandb.log({"loss": 1})
sys.exit("no data")
