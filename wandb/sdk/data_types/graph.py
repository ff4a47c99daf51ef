"""`wandb.Graph`, which can be named but not made yet."""

from wandb.sdk.data_types.base_types.media import Media
from wandb.sdk.data_types.base_types.wb_value import WBValue


class Graph(Media):
    """A graph of computation."""


class Node(WBValue):
    """A node of a graph."""


class Edge(WBValue):
    """An edge of a graph."""
