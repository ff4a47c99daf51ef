"""Small parts of the API at the paths where wandb has them."""

from wandb.sdk.lib.disabled import RunDisabled, SummaryDisabled
from wandb.sdk.lib.run_moment import RunMoment

__all__ = ["RunDisabled", "RunMoment", "SummaryDisabled"]
