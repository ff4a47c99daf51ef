"""`wandb.Classes`, which can be named but not made yet."""

from wandb.sdk.data_types.base_types.media import Media


class Classes(Media):
    """Names of the classes that boxes and masks refer to."""
