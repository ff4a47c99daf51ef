"""Applies the definitions of `define_metric`: adds step metrics that rows lack, and computes summary values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GOALS = {None: min, "minimize": min, "maximize": max}
# Fields sent to the server; a later definition for the same name adds to them unless it overwrites.
_FIELDS = ("step_metric", "step_sync", "hidden", "summary", "goal")


@dataclass(frozen=True)
class Definition:
    """One definition, with the fields of wandb's `Metric`; False is the same as None, as with wandb."""

    name: str
    step_metric: str | None = None
    step_sync: bool | None = None
    hidden: bool | None = None
    summary: tuple[str, ...] | None = None
    goal: str | None = None
    _overwrite: bool | None = None


class MetricRules:
    """The definitions of one run, and the state that they need of its rows."""

    def __init__(self) -> None:
        self._defined: dict[str, Definition] = {}
        self._found: dict[str, Definition | None] = {}  # by name of a logged metric
        self._steps: dict[str, int | float] = {}  # last value of each step metric
        self._forms: dict[str, dict[str, float]] = {}
        self._counts: dict[str, int] = {}
        self._sums: dict[str, float] = {}

    @classmethod
    def of(cls, definitions: Any, summary: Mapping[str, Any]) -> MetricRules:
        """Return the definitions of a previous run, with the state that its summary shows.

        Args:
            definitions: as `definitions` has returned them.
            summary: the previous run's.
        """
        rules = cls()
        for one in definitions if isinstance(definitions, list) else ():
            given = {field: one[field] for field in _FIELDS if field in one}
            if "summary" in given:
                given["summary"] = tuple(given["summary"])
            rules.define(Definition(one["name"], **given))
        for step in {rule.step_metric for rule in rules._defined.values()}:
            if step is not None and isinstance(last := summary.get(step), (int, float)):
                rules._steps[step] = last
        rules._forms = {key: dict(value) for key, value in summary.items() if isinstance(value, dict)}
        return rules

    def define(self, metric: Any) -> None:
        """Add a definition: one of ours, or a `Metric` of the native API."""
        given = {field: getattr(metric, field) for field in _FIELDS}
        before = self._defined.get(metric.name)
        if before is not None and not metric._overwrite:
            given = {field: value or getattr(before, field) for field, value in given.items()}
        self._defined[metric.name] = Definition(metric.name, **given)
        self._found.clear()

    def definitions(self) -> list[dict[str, Any]]:
        """Return the definitions in a form for the server."""
        return [
            {"name": one.name, **{field: value for field in _FIELDS if (value := getattr(one, field))}}
            for one in self._defined.values()
        ]

    def is_hidden(self, name: str) -> bool:
        """Whether a metric was defined as hidden."""
        rule = self._rule(name)
        return rule is not None and bool(rule.hidden)

    def complete(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a row with the last values of the step metrics that its metrics ask for and that it lacks.

        A step metric that has no number yet is 0, as wandb has it.
        """
        missing: dict[str, int | float] = {}
        for key in data:
            rule = self._rule(key) if isinstance(key, str) else None
            if rule is not None and rule.step_sync and rule.step_metric and rule.step_metric not in data:
                missing[rule.step_metric] = self._steps.get(rule.step_metric, 0)
        return {**data, **missing} if missing else data

    def apply(self, values: Mapping[str, Any], summary: dict[str, Any]) -> list[str]:
        """Give the values of a row, flattened with `.`, the forms in the summary that are defined for them.

        Returns:
            The keys of the summary that have such a form, or contain one.
        """
        steps = {rule.step_metric for rule in self._defined.values()}
        formed: list[str] = []
        for key, value in values.items():
            if key in steps:
                self._steps[key] = value if isinstance(value, (int, float)) else 0
            rule = self._rule(key)
            if rule is not None and rule.summary and rule.summary != ("copy",):
                self._put(summary, key, self._form(key, value, rule))
                formed += (key, key.partition(".")[0])
        return formed

    def _form(self, key: str, value: Any, rule: Definition) -> dict[str, Any] | None:
        """Return what the summary shows of a metric after one more value, None for nothing."""
        operations = rule.summary or ()
        if "none" in operations:
            return None
        form: dict[str, Any] = self._forms.setdefault(key, {})
        if isinstance(value, (int, float)) and value == value:  # neither text nor NaN has an order
            count = self._counts[key] = self._counts.get(key, 0) + 1
            total = self._sums[key] = self._sums.get(key, 0) + value
            better = GOALS[rule.goal]
            for operation in operations:
                before = form.get(operation, value)
                form[operation] = {
                    "min": min(before, value),
                    "max": max(before, value),
                    "mean": total / count,
                    "first": before,
                    "best": better(before, value),
                }.get(operation, value)
        return dict(form)

    @staticmethod
    def _put(summary: dict[str, Any], key: str, form: dict[str, Any] | None) -> None:
        """Replace a value of the summary, in which the dicts of a row are nested."""
        inner, name = summary, key
        while name not in inner and "." in name:
            first, _, rest = name.partition(".")
            if not isinstance(inner.get(first), dict):
                break
            inner, name = inner[first], rest
        if form is None:
            inner.pop(name, None)
        elif form:
            inner[name] = form

    def _rule(self, key: str) -> Definition | None:
        """Return the definition for a metric: its own, else that with the longest beginning in common."""
        if key not in self._found:
            fitting = [
                name for name in self._defined if name == key or (name.endswith("*") and key.startswith(name[:-1]))
            ]
            # A step metric is not plotted over itself, however wide the `*`.
            fitting = [name for name in fitting if self._defined[name].step_metric != key]
            best = max(fitting, key=lambda name: (name == key, len(name)), default=None)
            self._found[key] = None if best is None else self._defined[best]
        return self._found[key]
