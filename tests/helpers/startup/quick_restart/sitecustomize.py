"""On a trainer's PYTHONPATH: an uploader that has died is followed by the next at once."""

from wandb_compat.pipeline import worker_process

worker_process.RESTART_PAUSE = 0.05
worker_process.RESTART_PAUSE_LIMIT = 0.05
