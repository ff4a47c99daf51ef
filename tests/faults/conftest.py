"""Faults are injected into runs in pluto mode; more rounds of them with `make faults`."""

import os

from tests.e2e.conftest import environment, project, script, server

__all__ = ["environment", "project", "script", "server"]

ROUNDS = int(os.environ.get("WANDB_COMPAT_FAULT_ROUNDS", "1"))  # how many times as long as in the whole suite
