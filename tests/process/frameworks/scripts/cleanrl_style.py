"""A reinforcement learning script in the way of cleanrl: argparse, a SummaryWriter, `sync_tensorboard`."""

import argparse
import random

import numpy as np
import torch
from torch.utils.tensorboard import SummaryWriter

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--total-timesteps", type=int, default=60)
parser.add_argument("--learning-rate", type=float, default=2.5e-4)
parser.add_argument("--track", type=bool, default=True)
args = parser.parse_args()
run_name = f"Bandit__ppo__{args.seed}"
if args.track:
    import wandb

    wandb.init(
        project="cleanRL",
        entity=None,
        sync_tensorboard=True,
        config=vars(args),
        name=run_name,
        monitor_gym=True,
        save_code=True,
    )
writer = SummaryWriter(f"runs/{run_name}")
writer.add_text("hyperparameters", "|param|value|\n|-|-|\n" + "\n".join(f"|{k}|{v}|" for k, v in vars(args).items()))

random.seed(args.seed)
np.random.seed(args.seed)
torch.manual_seed(args.seed)
values = torch.zeros(4)
for global_step in range(0, args.total_timesteps, 10):
    arm = int(values.argmax()) if random.random() > 0.5 else random.randrange(4)
    reward = arm + float(np.random.normal())
    values[arm] += 0.1 * (reward - values[arm])
    writer.add_scalar("charts/episodic_return", reward, global_step)
    writer.add_scalar("losses/value_loss", float((reward - values[arm]) ** 2), global_step)
writer.close()
