"""A hook for TensorFlow 1's sessions."""

from __future__ import annotations

from typing import Any

import tensorflow

import wandb
from wandb._native.integrations.active_run import active_run
from wandb.integration import tensorboard

v1 = tensorflow.compat.v1


class WandbHook(v1.train.SessionRunHook):  # type: ignore[name-defined] # made by tensorflow at run time
    """Logs the summaries of a session's graph.

    Args:
        summary_op: what gives the summary, by default all summaries of the graph merged.
        steps_per_log: global steps between two rows.
        history: accepted.
    """

    def __init__(self, summary_op: Any = None, steps_per_log: int = 1000, history: Any = None) -> None:
        self._summary_op = summary_op
        self._steps_per_log = steps_per_log

    def begin(self) -> None:
        """Take the graph's summaries.

        Raises:
            wandb.Error: no run is active.
        """
        active_run("WandbHook")
        if self._summary_op is None:
            self._summary_op = v1.summary.merge_all()

    def before_run(self, run_context: Any) -> Any:
        """Ask for the summary and the step."""
        return v1.train.SessionRunArgs({"summary": self._summary_op, "step": v1.train.get_global_step()})

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Log the summary when its turn has come."""
        if (step := int(run_values.results["step"])) % self._steps_per_log == 0 and wandb.run is not None:
            tensorboard.log(run_values.results["summary"], step=step)
