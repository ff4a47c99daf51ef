"""Callbacks and helpers behind `wandb.integration`."""
