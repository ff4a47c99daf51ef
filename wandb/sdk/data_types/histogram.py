"""`wandb.Histogram`, which can be named but not made yet."""

from wandb.sdk.data_types.base_types.wb_value import WBValue


class Histogram(WBValue):
    """Counts of values in bins."""
