"""The category of wandb's warnings."""


class WandbWarning(Warning):
    """Base of warnings of the API."""
