"""What diffusers' training examples do: a tiny UNet, accelerate's tracker, and images of the validation."""

import diffusers
import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from diffusers.utils import is_wandb_available

import wandb

assert is_wandb_available()
set_seed(7)
accelerator = Accelerator(log_with="wandb", cpu=True)
model = diffusers.UNet2DModel(
    sample_size=8, in_channels=1, out_channels=1, layers_per_block=1, block_out_channels=(4, 8), norm_num_groups=2,
    down_block_types=("DownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "UpBlock2D"),
)  # fmt: skip
scheduler = diffusers.DDPMScheduler(num_train_timesteps=10)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
accelerator.init_trackers("text2image-fine-tune", config={"resolution": 8, "snr_gamma": None})
for step in range(3):
    clean, noise, when = torch.randn(2, 1, 8, 8), torch.randn(2, 1, 8, 8), torch.tensor([step, step + 1])
    loss = (model(scheduler.add_noise(clean, noise, when), when).sample - noise).pow(2).mean()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    accelerator.log({"train_loss": loss.item()}, step=step)
for tracker in accelerator.trackers:
    if tracker.name == "wandb":
        pictures = [np.full((8, 8, 3), shade, np.uint8) for shade in (10, 200)]
        tracker.log({"validation": [wandb.Image(one, caption=f"{n}: a prompt") for n, one in enumerate(pictures)]})
accelerator.end_training()
