"""On an uploader's PYTHONPATH: its waits are a hundredth of what they are, so minutes pass in seconds."""

from wandb_compat.config import limits

limits.BACKOFF = (limits.BACKOFF[0] / 100, limits.BACKOFF[1] / 100)
limits.SEND_INTERVALS = (limits.SEND_INTERVALS[0] / 100, limits.SEND_INTERVALS[1] / 100)
