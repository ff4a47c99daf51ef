"""Lets a test module name a large library at its top and load it only in a test, so that collecting stays fast."""

from __future__ import annotations

import importlib
import os
from importlib.util import find_spec
from typing import Any

import pytest

# `make test` sets it: everything is installed then, and a missing library is an error.
ALL = os.environ.get("WANDB_COMPAT_TESTS") == "all"


class LargeLibrary:
    """A library that is imported when a test first uses one of its names."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_mock_name":  # pytest asks all that a module has for these
            raise AttributeError(name)
        return getattr(importlib.import_module(self._name), name)


def needs(*names: str) -> pytest.MarkDecorator:
    """Return the mark that skips a test when one of these libraries is not installed."""
    missing = [name for name in names if find_spec(name) is None]
    return pytest.mark.skipif(bool(missing) and not ALL, reason=f"{', '.join(missing)} is not installed")


def large_library(name: str, *, everywhere: bool = True) -> Any:
    """Return a stand-in for a library; skip the calling module when it is not installed.

    Args:
        name: of the module to import.
        everywhere: whether it exists for every platform and Python, so that `make test` must have it.
    """
    if find_spec(name) is None and not (ALL and everywhere):
        pytest.skip(f"{name} is not installed", allow_module_level=True)
    return LargeLibrary(name)
