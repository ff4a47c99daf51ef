"""Reading runs back, at the paths where wandb has it."""
