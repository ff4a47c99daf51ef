"""Dual mode: logs runs of the real wandb to Pluto too, and never disturbs wandb or the script."""
