"""`wandb.Artifact`, which can be named but not made yet."""

from wandb._absent import Absent


class Artifact(Absent):
    """A version of a collection of files."""
