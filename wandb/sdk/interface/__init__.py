"""What wandb's own parts said to each other; nothing of it is here."""
