"""Parts of `wandb.Api`."""
