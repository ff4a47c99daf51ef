"""A training script in the way of nanoGPT: globals as configuration, plain `wandb.init` and `wandb.log`."""

import os
import time

import numpy as np

out_dir = "out"
eval_interval = 5
max_iters = 20
learning_rate = 6e-2
wandb_log = True
wandb_project = "owt"
wandb_run_name = "gpt2" + "-tiny"
config_keys = [
    name for name, value in globals().items() if not name.startswith("_") and isinstance(value, (int, float, bool, str))
]
config = {key: globals()[key] for key in config_keys}

os.makedirs(out_dir, exist_ok=True)
rng = np.random.default_rng(1337)
weights, target = rng.normal(size=8), rng.normal(size=8)
best_val_loss = 1e9

if wandb_log:
    import wandb

    wandb.init(project=wandb_project, name=wandb_run_name, config=config)

t0 = time.time()
for iter_num in range(max_iters + 1):
    losses = {split: np.mean((weights - target) ** 2) + offset for split, offset in (("train", 0), ("val", 0.1))}
    if iter_num % eval_interval == 0:
        print(f"step {iter_num}: train loss {losses['train']:.4f}, val loss {losses['val']:.4f}")
        if wandb_log:
            wandb.log(
                {
                    "iter": iter_num,
                    "train/loss": losses["train"],
                    "val/loss": losses["val"],
                    "lr": learning_rate,
                    "mfu": -1.0 * 100,
                }
            )
        best_val_loss = min(best_val_loss, losses["val"])
    weights -= learning_rate * (weights - target)
