"""What `import wandb` gives: the lazy module, the mode, and the facade over the real package."""
