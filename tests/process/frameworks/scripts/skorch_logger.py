"""skorch's WandbLogger: the rows of its history, gradients, and the best model in the run's directory."""

import numpy as np
import torch
from skorch import NeuralNetRegressor
from skorch.callbacks import WandbLogger

import wandb

torch.manual_seed(1)
np.random.seed(1)
inputs = np.random.randn(60, 4).astype("float32")
with wandb.init(project="skorch", config={"lr": 0.1}) as run:
    net = NeuralNetRegressor(torch.nn.Linear(4, 1), lr=0.1, max_epochs=3, callbacks=[WandbLogger(run)])
    net.fit(inputs, inputs.sum(1, keepdims=True))
