"""`wandb.gym.monitor`: the videos of gymnasium and gym, where wandb had it before 0.17."""

from wandb.integration.gym import monitor as monitor

__all__ = ("monitor",)
