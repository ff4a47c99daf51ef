"""`wandb.Bokeh`, which can be named but not made yet."""

from wandb.sdk.data_types.base_types.media import Media


class Bokeh(Media):
    """A Bokeh figure."""
