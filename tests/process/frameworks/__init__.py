"""The frameworks people use, each with its own wandb integration, unmodified."""
