"""On a courier's PYTHONPATH: its waits are a hundredth of what they are, so minutes pass in seconds."""

from wandb_compat import bounds

bounds.BACKOFF = (bounds.BACKOFF[0] / 100, bounds.BACKOFF[1] / 100)
