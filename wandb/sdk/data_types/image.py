"""`wandb.Image`, which can be named but not made yet."""

from wandb.sdk.data_types.base_types.media import BatchableMedia


class Image(BatchableMedia):
    """An image, with boxes and masks."""

    MAX_ITEMS = 108
