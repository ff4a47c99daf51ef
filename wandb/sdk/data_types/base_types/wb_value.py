"""The base of all values that are more than numbers and text."""

from wandb._absent import Absent


class WBValue(Absent):
    """A value that can be logged and is no plain number or text."""
