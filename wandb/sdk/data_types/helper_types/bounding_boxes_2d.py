"""`wandb.BoundingBoxes2D`, which can be named but not made yet."""

from wandb.sdk.data_types.base_types.wb_value import WBValue


class BoundingBoxes2D(WBValue):
    """Boxes on an image."""
