"""tensorboardX's writer, of whose event files wandb makes rows: numbers, a histogram, an image; and a text."""

import numpy as np
from tensorboardX import SummaryWriter

import wandb

rng = np.random.default_rng(7)
with wandb.init(project="boards", sync_tensorboard=True, config={"rate": 0.1}, tags=["b"]):
    writer = SummaryWriter("logs")
    for step in range(0, 50, 10):
        writer.add_scalar("loss/train", 0.1 / (step + 1), step)
        writer.add_scalar("accuracy", np.float64(step) / 60, step)
    writer.add_histogram("weights", rng.normal(size=100), 50)
    writer.add_image("picture", rng.random((3, 8, 8)).astype("float32"), 50)
    writer.add_text("note", "stays in the file", 50)
    writer.close()
