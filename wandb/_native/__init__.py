"""The parts of the native package that wandb has no path for."""
