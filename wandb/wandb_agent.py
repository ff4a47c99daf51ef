"""`wandb.agent`: runs the trials of a sweep, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wandb import env
from wandb._native.sweeps import SweepNotFoundError
from wandb._native.sweeps.agent import Agent
from wandb._native.sweeps.coordinator import SweepCoordinator
from wandb.errors import CommError
from wandb.errors.term import termerror

_running = 0


def agent(
    sweep_id: str,
    function: Callable[[], Any] | None = None,
    entity: str | None = None,
    project: str | None = None,
    count: int | None = None,
    forward_signals: bool = False,
    term_timeout: int | None = None,
    max_consecutive_failed_runs: int | None = None,
) -> None:
    """Run a function, or the sweep's program, with one configuration of the sweep after the other.

    Each run finds its hyperparameters in `wandb.config`, a program in its arguments too. Any number of agents can work
    on a sweep, on machines that share its directory. The trial of a killed agent is tried again.

    In Pluto: each run has the tag `sweep:ID`. `early_terminate` needs the server, which knows how the others went.

    Args:
        sweep_id: what `wandb.sweep` has returned; `project/ID` and `entity/project/ID` are understood.
        function: called without arguments for each configuration, in a thread; it calls `wandb.init()`.
        entity: kept for the runs.
        project: where the runs go; by default that of the sweep.
        count: how many to try at most; by default until a grid is exhausted, otherwise without end.
        forward_signals: whether the program gets the signals that the agent gets.
        term_timeout: seconds that the program has to end after Ctrl-C.
        max_consecutive_failed_runs: end after so many failures in a row.

    Raises:
        TypeError, ValueError: an argument has the wrong type or value.
        wandb.CommError: the sweep does not exist.
        wandb.UsageError: the sweep cannot be searched, or has neither a program nor a function.

    Example:
        >>> wandb.agent(id, function=train, count=5)
    """
    if max_consecutive_failed_runs is not None:
        if isinstance(max_consecutive_failed_runs, bool) or not isinstance(max_consecutive_failed_runs, int):
            raise TypeError("max_consecutive_failed_runs must be an integer or None")
        if max_consecutive_failed_runs < 1:
            raise ValueError("max_consecutive_failed_runs must be at least 1")
    if function is not None and not callable(function):
        raise TypeError("function parameter must be callable!")
    if not isinstance(sweep_id, str):
        termerror("Expected string sweep_id")
        return
    *place, sweep = sweep_id.split("/")
    if len(place) > 2:
        termerror("Expected sweep_id in form of sweep, project/sweep, or entity/project/sweep")
        return
    if entity:
        env.set_entity(entity)
    try:
        coordinator = SweepCoordinator(sweep, place[-1] if place else project)
    except SweepNotFoundError as error:
        raise CommError(str(error)) from error
    global _running
    _running += 1
    try:
        Agent(
            coordinator,
            function,
            count,
            max_consecutive_failures=max_consecutive_failed_runs,
            forward_signals=forward_signals,
            term_timeout=term_timeout,
        ).run()
    finally:
        _running -= 1


def _is_running() -> bool:
    return bool(_running)
