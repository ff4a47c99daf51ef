"""Publishes the summary of a run as it changes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from time import time
from typing import TYPE_CHECKING, Any

from wandb.sdk.wandb_summary import Summary
from wandb_compat.convert.json_values import summary_value
from wandb_compat.convert.loggable import is_rich
from wandb_compat.run.server_fields import published_summary
from wandb_compat.spool import records
from wandb_compat.wire.config_merge import null_removed

if TYPE_CHECKING:
    from wandb.sdk.wandb_run import Run


class SummaryPublisher:
    """Sends the summary of one run to the server."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._published: dict[str, Any] = {}  # what the server has

    def inherit(self, summary: Mapping[str, Any]) -> None:
        """Take over what the server has of a previous run that this one continues."""
        self._published = dict(summary)

    def changed(self, *path: str) -> None:
        """Take note of a change that the script made.

        Args:
            path: that of the dict of the summary that was changed; of the summary itself it is empty.

        Raises:
            wandb.UsageError: the run is finished.
        """
        history = self._run._history
        self._run._check_active("summary")
        history.columns.update(path[:1])
        history.summary_changed()

    def stored_value(self, key: str, value: Any) -> Any:
        """Return a value as the summary holds it; media and tables are logged under that key, as with wandb."""
        run = self._run
        run._history.columns.add(key)
        if run._pipeline is None or run._is_finished or not is_rich(value):
            return summary_value(value)
        return run._pipeline.row({key: value}, run._history.step, int(time() * 1000)).get(key)

    def publish(self) -> None:
        """Send the summary; a process that shares the run sends only what it changed itself."""
        run = self._run
        if run._init_pid == os.getpid():
            with run._history.lock:
                before, self._published = self._published, self.as_json()
                summary = null_removed(before, self._published)  # the server merges: without null the key stays
        else:
            with run._history.lock:
                summary = published_summary(run._history.own_items())
        if summary and run._pipeline is not None:
            run._pipeline.submit(records.Config({"wandb": {"summary": summary}}, sorted(run._history.columns)))

    def as_json(self) -> dict[str, Any]:
        """Return a copy of the summary as the server gets it."""
        run = self._run
        with run._history.lock:  # other threads may be logging
            return published_summary(run.summary._as_dict() if isinstance(run.summary, Summary) else run.summary)
