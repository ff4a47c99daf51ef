"""PyTorch: what `wandb.watch` hangs into a model."""
