"""The result of `import wandb`: the lazy module, the mode, and the facade in front of the real package."""
