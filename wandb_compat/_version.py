"""The version of this package; a leaf, so that every part may read it."""

__version__ = "0.1.0"
