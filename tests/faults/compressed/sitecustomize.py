"""On a courier's PYTHONPATH: its waits are a hundredth of what they are, so minutes pass in seconds."""

from wandb_compat import settings

settings.BACKOFF = (settings.BACKOFF[0] / 100, settings.BACKOFF[1] / 100)
