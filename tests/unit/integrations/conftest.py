"""Runs of the native API with the libraries that log to them; each test trains in this process."""

from collections.abc import Iterator

import pytest

import wandb
from tests.helpers.native_runs import alone, read

__all__ = ["alone", "read", "unpatched"]


@pytest.fixture
def unpatched() -> Iterator[None]:
    """What a test has patched in other libraries is undone."""
    yield
    if wandb.patched.get("tensorboard"):
        wandb.tensorboard.unpatch()
