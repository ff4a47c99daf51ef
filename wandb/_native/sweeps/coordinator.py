"""Where agents get their next trial and tell how it went: the ledger, the search and what the server knows, as one."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from wandb._native.sweeps import SweepNotFoundError, early_stopping, remote_coordinator, search
from wandb._native.sweeps.trial_log import Ledger, Trial
from wandb.errors.term import termwarn
from wandb.sdk.lib.runid import generate_id

ENDED = ("FINISHED", "CANCELED")


class Desk:
    """One agent's view of a sweep."""

    def __init__(self, sweep: str, project: str | None) -> None:
        """Find the sweep.

        Args:
            sweep: its id.
            project: where its runs go; by default the one that it was made with.

        Raises:
            SweepNotFoundError: neither this disk nor a run on the server knows it.
            UsageError: it is not to be searched.
        """
        self.agent = generate_id()
        self.ledger = Ledger(sweep)
        self.project = project or (self.ledger.project() if self.ledger.exists() else None)
        self._afar = remote_coordinator.Afar(sweep, self.project)
        if not self.ledger.exists():
            definition = self._afar.definition()
            if definition is None:
                self.ledger.definition()  # raises, and says where it has looked
                raise SweepNotFoundError(sweep)
            self.ledger.define(definition, project)
        self.definition = self.ledger.definition()
        search.check(self.definition)
        self._chance = random.Random()

    def next(self) -> Trial | bool:
        """Return what to try now; True when there may be something later, False when there is nothing any more."""
        elsewhere = self._afar.trials(search.objective(self.definition)[0])
        with self.ledger.changing() as kept:
            if kept["state"] in ENDED:
                return False
            if kept["state"] == "PAUSED":
                return True
            trials = [Trial(**one) for one in kept["trials"]]
            known = {one.run for one in trials}
            trials += [one for one in elsewhere if one.run not in known]
            for one in trials:
                if one.orphan():  # what an agent took with it when it died is tried again
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
                return waiting.take()
        if (self.definition.get("controller") or {}).get("type") == "local":
            return True  # wandb.controller() says what is next
        counted = [one for one in trials if one.state != "crashed"]
        config = search.propose(self.definition, counted, self._chance)
        return False if config is None else Trial(generate_id(), config)

    def stops(self, run: str) -> bool:
        """Whether a trial is to end now: the sweep was cancelled, or `early_terminate` has given it up."""
        trials = {one.run: one for one in self.ledger.trials()}
        if self.ledger.state() == "CANCELED" or (run in trials and trials[run].state == "stopping"):
            return True
        rules = self.definition.get("early_terminate")
        metric, more_is_better = search.objective(self.definition)
        if not isinstance(rules, Mapping) or rules.get("type") == "custom" or metric is None:
            return False
        mine = self._afar.history(run, metric, ended=False)
        if len(mine) < early_stopping.bands(rules)[0]:
            return False
        others = [self._afar.history(one, metric, trials[one].state != "running") for one in trials if one != run]
        return early_stopping.hopeless(rules, mine, [mine, *others], more_is_better)


def report(sweep: str, run: str, summary: Any) -> None:
    """Note the objective of a run that ends in this process; of no consequence for the run."""
    ledger = Ledger(sweep)
    if not ledger.exists():
        return
    try:
        value = search.result(summary, search.objective(ledger.definition())[0])
        if value is not None:
            ledger.end(run, "running", value)
    except Exception as error:
        termwarn(f"The result of run {run} is not known to its sweep {sweep}: {type(error).__name__}: {error}")
