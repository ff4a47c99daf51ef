"""The definition of a metric, as `run.define_metric` returns it."""

from __future__ import annotations

from collections.abc import Sequence


class Metric:
    """How a metric, or all metrics whose names begin alike, is plotted and summarised."""

    def __init__(
        self,
        name: str,
        step_metric: str | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: Sequence[str] | None = None,
        overwrite: bool | None = None,
        goal: str | None = None,
    ) -> None:
        """Keep a definition; see `run.define_metric`."""
        self._name = name
        self._step_metric = step_metric
        self._step_sync = step_sync if step_sync is not None else step_metric is not None
        self._hidden = hidden
        self._summary = summary
        self._overwrite = overwrite
        self._goal = goal

    @property
    def name(self) -> str:
        """The metric's name, or the beginning of names with `*` behind."""
        return self._name

    @property
    def step_metric(self) -> str | None:
        """The metric that is its x axis."""
        return self._step_metric

    @property
    def step_sync(self) -> bool | None:
        """Whether rows without the step metric get its last value."""
        return self._step_sync

    @property
    def summary(self) -> tuple[str, ...] | None:
        """What the summary shows of it: min, max, mean, first, last, best, copy, none."""
        return None if self._summary is None else tuple(self._summary)

    @property
    def hidden(self) -> bool | None:
        """Whether no chart is made of it by itself."""
        return self._hidden

    @property
    def goal(self) -> str | None:
        """Whether `best` means the least (`minimize`) or the greatest value (`maximize`); wandb up to 0.23 had it."""
        return self._goal
