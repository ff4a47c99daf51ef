"""The controller of a sweep: user code decides what agents try next and which runs end early."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import sleep
from typing import Any

from wandb._native.sweeps import SweepNotFoundError, early_stopping, search, search_space, trial_log
from wandb._native.sweeps.remote_coordinator import RemoteCoordinator

_POLL = 5  # seconds between two steps of `run`
_FIELDS = ("distribution", "min", "max", "mu", "sigma", "q", "a", "b")


class ControllerError(Exception):
    """The sweep does not exist, or the call does not fit its state."""


@dataclass
class SweepRun:
    """A run as search and stopping functions see it; `config` holds `{"value": …}` by name."""

    config: dict[str, Any]
    name: str | None = None
    state: str = "pending"
    history: list[dict[str, Any]] = field(default_factory=list)
    summary_metrics: dict[str, Any] = field(default_factory=dict)


class _WandbController:
    """Controls a sweep; configure one, `create` it, then `run`, or `step` until it is `done`.

    Example:
        >>> tuner = wandb.controller({"method": "random", "parameters": {"lr": {"min": 0.0, "max": 1.0}}})
        >>> tuner.step()
    """

    def __init__(
        self,
        sweep_id_or_config: str | Mapping[str, Any] | None = None,
        entity: str | None = None,
        project: str | None = None,
    ) -> None:
        """Open or create a sweep.

        Args:
            sweep_id_or_config: an id, the definition of a new one, or None for one to be configured.
            entity: kept for the runs.
            project: where its runs go.

        Raises:
            ControllerError: the argument has another type, or the sweep does not exist.
        """
        self._create: dict[str, Any] = {}
        self._search: Callable[..., SweepRun | None] | None = None
        self._stopping: Callable[..., list[SweepRun]] | None = None
        self._project = project
        self._trial_log: trial_log.TrialLog | None = None
        self._through = False
        self._done_here: list[tuple[str, str]] = []
        self._last_status = ""
        if isinstance(sweep_id_or_config, str):
            self._open(sweep_id_or_config)
        elif isinstance(sweep_id_or_config, Mapping):
            self.configure(sweep_id_or_config)
            self.create()
        elif sweep_id_or_config is not None:
            raise ControllerError(f"A sweep is an id or a dict, not a {type(sweep_id_or_config).__name__}")

    def _open(self, sweep: str) -> None:
        self._trial_log = trial_log.TrialLog(sweep.rpartition("/")[2])
        try:
            self._create = self._trial_log.definition()
        except SweepNotFoundError as error:
            raise ControllerError(str(error)) from error

    # Before `create`

    def configure(self, sweep_dict_or_config: Mapping[str, Any]) -> None:
        """Take a whole definition; `method` and `early_terminate` can be functions."""
        self._must_be_open()
        definition = dict(sweep_dict_or_config)
        method, ending = definition.pop("method", None), definition.pop("early_terminate", None)
        self._create.update(definition)
        if method is not None:
            self.configure_search(method)
        if callable(ending):
            self._stopping, self._create["early_terminate"] = ending, {"type": "custom"}
        elif ending:
            self._create["early_terminate"] = ending

    def configure_search(self, search: str | Callable[..., SweepRun | None]) -> None:
        """Set the method, by name or as a function of the definition and the runs, which returns the next run."""
        self._must_be_open()
        self._create["method"] = "custom" if callable(search) else search
        self._search = search if callable(search) else None

    def configure_stopping(self, stopping: str | Callable[..., Any], **kwargs: Any) -> None:
        """Set how runs end early, by name, or as a function of `kwargs` that returns one of definition and runs."""
        self._must_be_open()
        self._create["early_terminate"] = {"type": "custom" if callable(stopping) else stopping, **kwargs}
        self._stopping = stopping(kwargs) if callable(stopping) else None

    def configure_metric(self, metric: str, goal: str | None = None) -> None:
        """Set the metric to be optimized."""
        self._must_be_open()
        self._create["metric"] = {"name": metric, **({"goal": goal} if goal else {})}

    def configure_program(self, program: str) -> None:
        """Set the script that agents run."""
        self._must_be_open()
        if not isinstance(program, str):
            raise ControllerError("A program is the path of a script; functions are given to wandb.agent()")
        self._create["program"] = program

    def configure_name(self, name: str) -> None:
        """Set the sweep's name."""
        self._must_be_open()
        self._create["name"] = name

    def configure_description(self, description: str) -> None:
        """Set the sweep's description."""
        self._must_be_open()
        self._create["description"] = description

    def configure_controller(self, type: str) -> None:
        """Let this controller (`local`) choose the trials, which `create` does anyway."""
        self._must_be_open()
        self._create["controller"] = {"type": type}

    def configure_parameter(
        self,
        name: str,
        values: Any = None,
        value: Any = None,
        distribution: str | None = None,
        min: float | None = None,
        max: float | None = None,
        mu: float | None = None,
        sigma: float | None = None,
        q: float | None = None,
        a: float | None = None,
        b: float | None = None,
    ) -> None:
        """Add a hyperparameter."""
        self._must_be_open()
        given = dict(zip(_FIELDS, (distribution, min, max, mu, sigma, q, a, b), strict=True))
        described = {field: one for field, one in given.items() if one is not None}
        if values is not None:
            described["values"] = values
        elif value is not None or not described:
            described["value"] = value
        self._create.setdefault("parameters", {})[name] = described

    def create(self, from_dict: bool = False) -> str:
        """Create the sweep; return its id."""
        self._must_be_open()
        self._create["controller"] = {"type": "local"}
        search.check(self._create)
        self._trial_log = trial_log.create(self._create, self._project or self._create.get("project"))
        print("Create sweep with ID:", self._trial_log.sweep)
        return self._trial_log.sweep

    def _must_be_open(self) -> None:
        if self._trial_log is not None:
            raise ControllerError("The sweep exists already and cannot be configured any more")

    # After `create`

    @property
    def sweep_config(self) -> dict[str, Any]:
        """The sweep's definition."""
        return self._create

    @property
    def sweep_id(self) -> str | None:
        """The sweep's id, None before `create`."""
        return self._trial_log.sweep if self._trial_log is not None else None

    def run(self, verbose: bool = False, print_status: bool = True, print_actions: bool = False,
            print_debug: bool = False) -> None:  # fmt: skip
        """Call `step` until the sweep is done."""
        while not self.done():
            self.step()
            if print_status or verbose:
                self.print_status()
            if print_actions or verbose:
                self.print_actions()
            sleep(_POLL)

    def step(self) -> None:
        """Schedule the next trial, unless one is already pending, and stop runs that `early_terminate` rejects."""
        if not any(one.state == "pending" for one in self._made().trials()):
            self.schedule(self.search())
        if runs := self.stopping():
            self.stop_runs(runs)

    def done(self) -> bool:
        """Return whether all trials have been scheduled and have ended."""
        made = self._made()
        if made.state() in ("FINISHED", "CANCELED"):
            return True
        if self._through and not any(one.state in ("pending", "running", "stopping") for one in made.trials()):
            made.set_state("FINISHED")
            return True
        return False

    def search(self) -> SweepRun | None:
        """Return the next trial, or None after the last one."""
        if self._search is not None:
            return self._search(self._create, self._runs())
        config = search.propose(self._create, self._made().trials(), random.Random())
        return None if config is None else SweepRun({name: {"value": value} for name, value in config.items()})

    def schedule(self, run: SweepRun | None) -> None:
        """Let the next free agent try a run; None marks the end of the trials."""
        if run is None:
            self._through = True
            return
        config = {name: value["value"] if isinstance(value, dict) else value for name, value in run.config.items()}
        self._made().enqueue(config)
        self._done_here.append(("schedule", ",".join(f"{name}={value}" for name, value in sorted(config.items()))))

    def stopping(self) -> list[SweepRun]:
        """Return the runs that should end early."""
        if self._stopping is not None:
            return self._stopping(self._create, self._runs())
        rules = self._create.get("early_terminate") or {}
        metric, more_is_better = search.objective(self._create)
        if not metric or rules.get("type") != "hyperband":
            return []
        runs = self._runs()
        histories = [[row[metric] for row in one.history if metric in row] for one in runs]
        return [
            one
            for one, mine in zip(runs, histories, strict=True)
            if one.state == "running" and early_stopping.should_stop_early(rules, mine, histories, more_is_better)
        ]

    def stop_runs(self, runs: list[SweepRun]) -> None:
        """End runs; their agents do so within seconds."""
        names = {one.name for one in runs}
        with self._made().locked() as kept:
            for one in kept["trials"]:
                if one["run"] in names and one["state"] == "running":
                    one["state"] = "stopping"
        self._done_here.append(("stop", ",".join(sorted(map(str, names)))))

    def print_status(self) -> None:
        """Print the sweep's state in one line, when it has changed."""
        counts: dict[str, int] = {}
        for one in self._made().trials():
            counts[one.state] = counts.get(one.state, 0) + 1
        states = ", ".join(f"{state.capitalize()}: {count}" for state, count in counts.items())
        options = [self._create["method"], *filter(None, [(self._create.get("early_terminate") or {}).get("type")])]
        status = f"Sweep: {self.sweep_id} ({','.join(options)}) | Runs: {sum(counts.values())}"
        status += f" ({states})" if states else ""
        if status != self._last_status:
            print(status)
        self._last_status = status

    def print_actions(self) -> None:
        """Print what was scheduled and ended since the last time."""
        for action, what in self._done_here:
            print(f"{action.capitalize()} ({what})")
        self._done_here = []

    def print_space(self) -> None:
        """Print the hyperparameters and what they can be."""
        for parameter in search_space.read(self._create["parameters"]):
            can = parameter.values if isinstance(parameter, search_space.Choice) else parameter.distribution
            print(f"{'.'.join(parameter.path)}: {can}")

    def print_summary(self) -> None:
        """Print the best trial so far."""
        metric, more_is_better = search.objective(self._create)
        results = [(one.value, one) for one in self._made().trials() if one.value is not None]
        if results:
            value, best = (max if more_is_better else min)(results, key=lambda pair: pair[0])
            print(f"Best run: {best.run} with {metric} {value}: {best.config}")

    def _made(self) -> trial_log.TrialLog:
        if self._trial_log is None:
            raise ControllerError("The sweep does not exist yet: call create()")
        return self._trial_log

    def _runs(self) -> list[SweepRun]:
        made = self._made()
        metric, _ = search.objective(self._create)
        remote = RemoteCoordinator(made.sweep, made.project())
        return [
            SweepRun(
                {name: {"value": value} for name, value in one.config.items()},
                name=one.run,
                state=one.state,
                history=[{metric: value} for value in remote.history(one.run, metric, one.state != "running")]
                if metric
                else [],
                summary_metrics={metric: one.value} if metric and one.value is not None else {},
            )
            for one in made.trials()
        ]
