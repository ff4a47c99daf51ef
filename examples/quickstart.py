"""The plain wandb quick start: nothing in it knows of Pluto."""

import random

import wandb

config = {"learning_rate": 0.02, "architecture": "CNN", "dataset": "CIFAR-100", "epochs": 10}

with wandb.init(project="quickstart", config=config) as run:
    offset = random.random() / 5
    for epoch in range(2, run.config["epochs"]):
        accuracy = 1 - 2**-epoch - random.random() / epoch - offset
        loss = 2**-epoch + random.random() / epoch + offset
        run.log({"acc": accuracy, "loss": loss})
