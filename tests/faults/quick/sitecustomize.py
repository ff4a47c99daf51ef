"""On a trainer's PYTHONPATH: a courier that has died is followed by the next at once."""

from wandb_compat.courier import launch

launch.RESTART_PAUSE = 0.05
launch.RESTART_PAUSE_LIMIT = 0.05
