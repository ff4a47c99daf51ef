"""Agents of sweeps, under the names that wandb has for them."""
