"""Sandboxes, which Pluto has not."""

from wandb._native.unsupported import names_of

_INSTEAD = "Pluto has no sandboxes: run the code in a container of your own"
_NAMES = "Sandbox Session Secret"
__all__ = _NAMES.split()
globals().update(names_of(__name__, _INSTEAD, kinds=_NAMES))
