"""`wandb.Audio`, which can be named but not made yet."""

from wandb.sdk.data_types.base_types.media import BatchableMedia


class Audio(BatchableMedia):
    """A sound."""
