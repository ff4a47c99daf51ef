"""Faults are injected into runs in pluto mode; more rounds of them with `make faults`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.fault_proxy import FaultProxy
from tests.helpers.training import SCRIPT, Train, Training
from tests.process.end_to_end.conftest import environment, project, script, server

__all__ = ["environment", "project", "script", "server"]

ROUNDS = int(os.environ.get("WANDB_COMPAT_FAULT_ROUNDS", "1"))  # how many times as long as in the whole suite


@pytest.fixture
def train(tmp_path: Path, environment: dict[str, str], proxy: FaultProxy) -> Iterator[Train]:
    """Starts a script whose requests go through the proxy."""
    started: list[Training] = []

    def start(text: str = SCRIPT, **changes: str) -> Training:
        started.append(
            Training(text, tmp_path / f"work{len(started)}", {**environment, **proxy.environment(), **changes})
        )
        return started[-1]

    yield start
    for training in started:
        training.process.kill()
        training.process.wait()
