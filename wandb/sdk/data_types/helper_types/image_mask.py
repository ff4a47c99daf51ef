"""`wandb.ImageMask`, which can be named but not made yet."""

from wandb.sdk.data_types.base_types.media import Media


class ImageMask(Media):
    """A mask on an image."""
