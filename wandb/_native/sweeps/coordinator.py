"""Chooses the next trial for an agent from the trial log, the search and the runs on the server."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from wandb._native.sweeps import SweepNotFoundError, early_stopping, remote_coordinator, search
from wandb._native.sweeps.trial_log import Trial, TrialLog
from wandb.errors.term import termwarn
from wandb.sdk.lib.runid import generate_id

ENDED = ("FINISHED", "CANCELED")


class SweepCoordinator:
    """One agent's view of a sweep."""

    def __init__(self, sweep: str, project: str | None) -> None:
        """Open the sweep.

        Args:
            sweep: its id.
            project: project of its runs; by default the one stored with the sweep.

        Raises:
            SweepNotFoundError: neither this disk nor a run on the server has it.
            UsageError: its definition is invalid.
        """
        self.agent = generate_id()
        self.trial_log = TrialLog(sweep)
        self.project = project or (self.trial_log.project() if self.trial_log.exists() else None)
        self._remote = remote_coordinator.RemoteCoordinator(sweep, self.project)
        if not self.trial_log.exists():
            definition = self._remote.definition()
            if definition is None:
                self.trial_log.definition()  # raises, and names the directory
                raise SweepNotFoundError(sweep)
            self.trial_log.define(definition, project)
        self.definition = self.trial_log.definition()
        search.check(self.definition)
        self._chance = random.Random()

    def next(self) -> Trial | bool:
        """Return the next trial; True if there may be one later, False if the sweep has ended."""
        elsewhere = self._remote.trials(search.objective(self.definition)[0])
        with self.trial_log.locked() as kept:
            if kept["state"] in ENDED:
                return False
            if kept["state"] == "PAUSED":
                return True
            trials = [Trial(**one) for one in kept["trials"]]
            known = {one.run for one in trials}
            trials += [one for one in elsewhere if one.run not in known]
            for one in trials:
                if one.is_orphaned():  # the trial of a dead agent is tried again
                    one.state = "crashed"
            kept["trials"] = trials
            chosen = self._choose(trials)
            if isinstance(chosen, Trial):
                chosen.agent = self.agent
                if chosen not in trials:
                    trials.append(chosen)
            return chosen

    def _choose(self, trials: list[Trial]) -> Trial | bool:
        for waiting in trials:
            if waiting.state == "pending":
                return waiting.claim()
        if (self.definition.get("controller") or {}).get("type") == "local":
            return True  # wandb.controller() schedules trials
        counted = [one for one in trials if one.state != "crashed"]
        config = search.propose(self.definition, counted, self._chance)
        return False if config is None else Trial(generate_id(), config)

    def should_stop(self, run: str) -> bool:
        """Return whether a trial should end now: the sweep was cancelled, or `early_terminate` applies."""
        trials = {one.run: one for one in self.trial_log.trials()}
        if self.trial_log.state() == "CANCELED" or (run in trials and trials[run].state == "stopping"):
            return True
        rules = self.definition.get("early_terminate")
        metric, more_is_better = search.objective(self.definition)
        if not isinstance(rules, Mapping) or rules.get("type") == "custom" or metric is None:
            return False
        mine = self._remote.history(run, metric, ended=False)
        if len(mine) < early_stopping.bands(rules)[0]:
            return False
        others = [self._remote.history(one, metric, trials[one].state != "running") for one in trials if one != run]
        return early_stopping.should_stop_early(rules, mine, [mine, *others], more_is_better)


def record_result(sweep: str, run: str, summary: Any) -> None:
    """Record the objective of a run that ends in this process; a failure is only a warning."""
    log = TrialLog(sweep)
    if not log.exists():
        return
    try:
        value = search.result(summary, search.objective(log.definition())[0])
        if value is not None:
            log.end(run, "running", value)
    except Exception as error:
        termwarn(f"The result of run {run} cannot be stored in its sweep {sweep}: {type(error).__name__}: {error}")
