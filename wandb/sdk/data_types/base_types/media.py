"""The bases of values that are stored as files."""

from wandb.sdk.data_types.base_types.wb_value import WBValue


class Media(WBValue):
    """A value that is stored as a file."""


class BatchableMedia(Media):
    """A value of which several can be logged under one key."""
