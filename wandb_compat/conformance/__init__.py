"""Checks whether a Pluto server behaves as wandb-compat, `wandb.Api` and `pluto.query` expect."""
