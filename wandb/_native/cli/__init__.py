"""Subcommands of the `wandb` command."""
