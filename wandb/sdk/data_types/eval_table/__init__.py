"""`wandb.EvalTable`."""

from wandb.sdk.data_types.eval_table.eval_table import EvalTable

__all__ = ["EvalTable"]
