"""Traces of language models, which can be named but not made yet."""

from wandb._absent import Absent
from wandb.sdk.data_types.base_types.media import Media


class WBTraceTree(Media):
    """A trace as a value."""


class Trace(Absent):
    """A trace."""
