"""Reads a sweep's definition, trials and metrics from its runs on the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from wandb._native.sweeps.search import result
from wandb._native.sweeps.trial_log import Trial
from wandb.errors.term import termwarn
from wandb.sdk.wandb_login import find_credential
from wandb_compat.config.settings import Settings

Result = TypeVar("Result")


class RemoteCoordinator:
    """The sweep's runs on the server, found by their tag; empty without a server, or offline."""

    def __init__(self, sweep: str, project: str | None) -> None:
        self._sweep = sweep
        self._project = project
        self._histories: dict[str, list[float]] = {}  # of runs that have ended
        self._trials: dict[str, Trial] = {}  # the same

    def definition(self) -> dict[str, Any] | None:
        """Return the definition stored in its runs, or None."""

        def ask() -> dict[str, Any] | None:
            return dict(self._api().sweep(f"{self._place()}/{self._sweep}").config) or None

        return self._asked(ask, None)

    def trials(self, metric: str | None) -> list[Trial]:
        """Return the trials on the server, with configuration and objective."""

        def ask() -> list[Trial]:
            found = []
            for run in self._runs():
                if run.id not in self._trials:
                    trial = _trial(run, metric)
                    if trial.state == "running":
                        found.append(trial)
                        continue
                    self._trials[run.id] = trial
                found.append(self._trials[run.id])
            return found

        return self._asked(ask, [])

    def history(self, run: str, metric: str, ended: bool) -> list[float]:
        """Return the values of a metric in a run, in order; those of an ended run are cached."""

        def ask() -> list[float]:
            rows = self._api().run(f"{self._place()}/{run}").scan_history(keys=[metric])
            return [row[metric] for row in rows if isinstance(row.get(metric), int | float)]

        if run in self._histories:
            return self._histories[run]
        values: list[float] = self._asked(ask, [])
        if ended and values:
            self._histories[run] = values
        return values

    def _runs(self) -> Any:
        return self._api().runs(self._place(), filters={"sweep": self._sweep})

    def _place(self) -> str:
        return Settings.read()[0].project(self._project)

    def _api(self) -> Any:
        from wandb.apis import public

        return public.Api()

    def _asked(self, ask: Callable[[], Result], otherwise: Result) -> Result:
        if find_credential() is None:
            return otherwise
        try:
            return ask()
        except ValueError:  # the project has no run yet
            return otherwise
        except Exception as error:
            termwarn(
                f"Sweep {self._sweep}: the trials of other agents cannot be read from the server:"
                f" {type(error).__name__}: {error}",
                repeat=False,
            )
            return otherwise


def _trial(run: Any, metric: str | None) -> Trial:
    return Trial(run.id, dict(run.config), run.state, result(run.summary, metric), host="", pid=0)
