"""Parts of wandb that were its own and that scripts reach into all the same."""
