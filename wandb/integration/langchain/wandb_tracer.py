"""A tracer for LangChain's `callbacks`, as wandb had it until 0.27."""

from __future__ import annotations

import json
from typing import Any

from langchain_core.tracers.base import BaseTracer

import wandb

COLUMNS = ["name", "kind", "inputs", "outputs", "error", "seconds", "runs"]


class WandbTracer(BaseTracer):
    """Logs each run of a chain, a model or a tool.

    In Pluto: a row of `langchain/seconds` and `langchain/errors` for each, and at the end the table `langchain_trace`,
    whose column `runs` holds what ran inside.

    Args:
        run_args: arguments of `wandb.init`, for when no run is active.

    Example:
        >>> chain.invoke(question, config={"callbacks": [tracer]})
        >>> tracer.finish()
    """

    def __init__(self, run_args: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._run_args = run_args
        self._begun: wandb.Run | None = None
        self._rows: list[list[Any]] = []

    @classmethod
    def init(cls, run_args: dict[str, Any] | None = None, **kwargs: Any) -> WandbTracer:
        """Return a tracer, with a run for it."""
        tracer = cls(run_args)
        tracer.init_run(run_args)
        return tracer

    def init_run(self, run_args: dict[str, Any] | None = None) -> None:
        """Begin a run if none is active, or if there are arguments for one."""
        if run_args or wandb.run is None:
            self._begun = wandb.init(**(run_args or {}))

    def finish_run(self) -> None:
        """Log the table, and finish the run if the tracer has begun it."""
        if self._rows and wandb.run is not None:
            wandb.run.log({"langchain_trace": wandb.Table(columns=COLUMNS, data=self._rows)})
        self._rows = []
        if self._begun is not None:
            self._begun.finish()
            self._begun = None

    finish = finish_run

    def _persist_run(self, run: Any) -> None:
        if wandb.run is None:
            self.init_run(self._run_args)
        assert wandb.run is not None
        about = _describe(run)
        self._rows.append([about[name] if name != "runs" else _text(about[name]) for name in COLUMNS])
        wandb.run.log({"langchain/seconds": about["seconds"], "langchain/errors": int(bool(about["error"]))})


def _describe(run: Any) -> dict[str, Any]:
    """Return what a run and those inside it were."""
    return {
        "name": run.name,
        "kind": run.run_type,
        "inputs": _text(run.inputs),
        "outputs": _text(run.outputs),
        "error": run.error,
        "seconds": (run.end_time - run.start_time).total_seconds() if run.end_time else None,
        "runs": [_describe(child) for child in run.child_runs],
    }


def _text(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)
