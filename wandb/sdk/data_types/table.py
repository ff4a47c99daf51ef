"""`wandb.Table` and its kin, which can be named but not made yet."""

from wandb.sdk.data_types.base_types.media import Media


class Table(Media):
    """Rows and columns of values."""

    MAX_ROWS = 10_000
    MAX_ARTIFACT_ROWS = 200_000


class PartitionedTable(Media):
    """A table in several files."""


class JoinedTable(Media):
    """Two tables, joined by a key."""
