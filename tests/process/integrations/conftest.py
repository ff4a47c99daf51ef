"""Runs of the native API with the libraries that log to them; each test trains in this process."""

from collections.abc import Iterator

import pytest

import wandb
from tests.process.run.conftest import alone as alone
from tests.process.run.conftest import read as read


@pytest.fixture
def unpatched() -> Iterator[None]:
    """What a test has patched in other libraries is undone."""
    yield
    if wandb.patched.get("tensorboard"):
        wandb.tensorboard.unpatch()
