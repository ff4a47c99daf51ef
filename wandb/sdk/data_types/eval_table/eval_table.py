"""`wandb.EvalTable`, which can be named but not made yet."""

from wandb.sdk.data_types.table import Table


class EvalTable(Table):
    """A table of evaluations."""
