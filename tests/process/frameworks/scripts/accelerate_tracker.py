"""A loop of accelerate that logs through its tracker of wandb: numbers, a table, images, and the tracker's own run."""

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed

set_seed(7)
accelerator = Accelerator(log_with="wandb", cpu=True)
accelerator.init_trackers("accelerated", config={"rate": 0.1, "layers": [4, 2]}, init_kwargs={"wandb": {"tags": ["a"]}})
model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = torch.utils.data.DataLoader(torch.randn(24, 3), batch_size=8)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for step, batch in enumerate(loader):
    loss = model(batch).pow(2).mean()
    accelerator.backward(loss)
    optimizer.step()
    optimizer.zero_grad()
    accelerator.log({"loss": loss.item(), "nested": {"step": step}}, step=step)
tracker = accelerator.get_tracker("wandb")
tracker.log_table("rows", columns=["a", "b"], data=[[1, "x"], [2, "y"]], step=3)
tracker.log_images({"pictures": [np.full((4, 4, 3), shade, np.uint8) for shade in (0, 90)]}, step=4)
accelerator.get_tracker("wandb", unwrap=True).summary["best"] = 0.5
accelerator.end_training()
