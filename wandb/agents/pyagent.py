"""The agent that runs a function, under wandb's name for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wandb.wandb_agent import _is_running, agent


def pyagent(
    sweep_id: str,
    function: Callable[[], Any],
    entity: str | None = None,
    project: str | None = None,
    count: int | None = None,
    max_consecutive_failed_runs: int | None = None,
) -> None:
    """Run a function with one configuration of a sweep after the other; see `wandb.agent`.

    Raises:
        TypeError: `function` cannot be called.
    """
    if not callable(function):
        raise TypeError("function parameter must be callable!")
    agent(sweep_id, function, entity, project, count, max_consecutive_failed_runs=max_consecutive_failed_runs)


def is_running() -> bool:
    """Return whether an agent is at work in this process."""
    return _is_running()
