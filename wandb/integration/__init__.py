"""What other libraries ask wandb for."""
