"""The messages between wandb's own parts; none of them exist here."""
