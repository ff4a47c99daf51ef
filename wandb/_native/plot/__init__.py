"""Computations behind `wandb.plot`."""
