"""`wandb.Plotly`, which can be named but not made yet."""

from wandb.sdk.data_types.base_types.media import Media


class Plotly(Media):
    """A Plotly figure."""
