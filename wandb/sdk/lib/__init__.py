"""Small parts of the API at the paths where wandb has them."""

from wandb.sdk.lib.disabled import RunDisabled, SummaryDisabled

__all__ = ["RunDisabled", "SummaryDisabled"]
