"""The search space of a sweep: the values of each hyperparameter, and their positions."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from wandb.errors import UsageError
from wandb_compat.wire.config_merge import dict_at

_NUMBERS: dict[str, tuple[str, ...]] = {  # by distribution: the numbers that its description must hold
    "int_uniform": ("min", "max"),
    "uniform": ("min", "max"),
    "log_uniform": ("min", "max"),
    "log_uniform_values": ("min", "max"),
    "inv_log_uniform": ("min", "max"),
    "inv_log_uniform_values": ("min", "max"),
    "normal": (),
    "log_normal": (),
    "beta": (),
}
_QUANTIZED = ("uniform", "log_uniform", "log_uniform_values", "normal", "log_normal", "beta")
_NEARLY = 1e-9  # a normal distribution has no value at quantile 0 or 1


def _itself(value: float) -> float:
    return value


@dataclass(frozen=True)
class Choice:
    """A hyperparameter with a list of values; a constant has one."""

    path: tuple[str, ...]
    values: Sequence[Any]
    weights: Sequence[float] | None = None

    def grid(self) -> Sequence[Any]:
        """Return all values.

        Raises:
            UsageError: the values have probabilities, which a grid cannot use.
        """
        if self.weights is not None:
            raise _not_for_grids(self.path)
        return self.values

    def draw(self, chance: random.Random) -> Any:
        """Return a random value."""
        return chance.choices(self.values, self.weights)[0]


@dataclass(frozen=True)
class Number:
    """A numeric hyperparameter, searched uniformly from `low` to `high`; `value` maps a position to its value."""

    path: tuple[str, ...]
    distribution: str
    low: float
    high: float
    forward: Callable[[float], float] = _itself
    backward: Callable[[float], float] = _itself
    q: float | None = None

    def grid(self) -> Sequence[Any]:
        """Return all values of an `int_uniform` or a `q_uniform`.

        Raises:
            UsageError: the distribution has infinitely many values.
        """
        if self.distribution == "int_uniform":
            return range(int(self.low), int(self.high) + 1)
        if self.distribution == "q_uniform" and self.q:
            count = max(0, math.ceil((self.high - self.low) / self.q))
            return [self.low + index * self.q for index in range(count)]
        raise _not_for_grids(self.path)

    def draw(self, chance: random.Random) -> Any:
        """Return a random value."""
        if self.distribution == "int_uniform":
            return chance.randint(int(self.low), int(self.high))
        return self.value(chance.uniform(self.low, self.high))

    def value(self, place: float) -> Any:
        """Return the value at a position between `low` and `high`."""
        if self.distribution == "int_uniform":
            return round(place)
        value = self.forward(place)
        return value if self.q is None else round(value / self.q) * self.q

    def place(self, value: float) -> float:
        """Return the position of a value between `low` and `high`."""
        return min(max(self.backward(value), self.low), self.high)


Parameter = Choice | Number


def read(parameters: Mapping[str, Any]) -> list[Parameter]:
    """Return the hyperparameters of a sweep's `parameters`, by name, those of nested ones in their place.

    Raises:
        UsageError: one is described in a way that says nothing; all such are named.
    """
    complaints: list[str] = []
    found = list(_read(parameters, (), complaints))
    if complaints:
        raise UsageError("The sweep's parameters cannot be used: " + "; ".join(complaints))
    return found


def nested(values: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    """Return values by path as a configuration with dicts inside dicts."""
    config: dict[str, Any] = {}
    for path, value in values.items():
        dict_at(config, path[:-1])[path[-1]] = value
    return config


def flat(config: Mapping[str, Any], space: Sequence[Parameter]) -> dict[tuple[str, ...], Any] | None:
    """Return the values that a configuration has for the hyperparameters of a space; None if it lacks one."""
    values = {}
    for parameter in space:
        value: Any = config
        for part in parameter.path:
            if not isinstance(value, Mapping) or part not in value:
                return None
            value = value[part]
        values[parameter.path] = value
    return values


def _read(parameters: Any, above: tuple[str, ...], complaints: list[str]) -> Iterator[Parameter]:
    if not isinstance(parameters, Mapping) or not parameters:
        complaints.append(f"{'.'.join(above) or 'parameters'} must be a dict with at least one hyperparameter")
        return
    for name, described in sorted(parameters.items(), key=lambda item: str(item[0])):
        path = (*above, str(name))
        if isinstance(described, Mapping) and "parameters" in described and "values" not in described:
            yield from _read(described["parameters"], path, complaints)
            continue
        try:
            yield _parameter(path, described)
        except ValueError as error:
            complaints.append(f"{'.'.join(path)} {error}, and is {described!r}")


def _parameter(path: tuple[str, ...], described: Any) -> Parameter:
    if not isinstance(described, Mapping):
        raise ValueError("must be a dict such as {'values': [1, 2]} or {'min': 0.0, 'max': 1.0}")
    if "value" in described:
        return Choice(path, [described["value"]])
    if "values" in described:
        values, weights = described["values"], described.get("probabilities")
        if not isinstance(values, list | tuple) or not values:
            raise ValueError("must have a list with at least one value as `values`")
        if weights is not None and len(weights) != len(values):
            raise ValueError("must have as many `probabilities` as `values`")
        return Choice(path, list(values), weights)
    return _number(path, described)


def _number(path: tuple[str, ...], described: Mapping[str, Any]) -> Number:
    name = described.get("distribution")
    if name is None and "min" in described and "max" in described:
        both = isinstance(described["min"], int) and isinstance(described["max"], int)
        name = "int_uniform" if both else "uniform"
    kind = str(name).removeprefix("q_")
    if kind not in _NUMBERS or (kind != name and kind not in _QUANTIZED):
        raise ValueError("must have `value`, `values`, `min` and `max`, or a `distribution` that exists")
    for field in _NUMBERS[kind]:
        if isinstance(described.get(field), bool) or not isinstance(described.get(field), int | float):
            raise ValueError(f"must have a number as `{field}`")
    q = described.get("q", 1) if kind != name else None
    if q is not None and not q > 0:
        raise ValueError("must have a `q` above 0")
    low, high, forward, backward = _line(kind, described)
    if not low <= high:
        raise ValueError("must have a `min` that is not above `max`")
    return Number(path, str(name), low, high, forward, backward, q)


def _line(
    kind: str, described: Mapping[str, Any]
) -> tuple[float, float, Callable[[float], float], Callable[[float], float]]:
    """Return where a distribution is searched evenly, and the way from there to its values and back."""
    low, high = described.get("min", 0), described.get("max", 0)
    if kind.endswith("_values"):
        if not low > 0:
            raise ValueError("must have a `min` above 0")
        return math.log(low), math.log(high), math.exp, math.log
    if kind == "log_uniform":
        return low, high, math.exp, math.log
    if kind == "inv_log_uniform":
        return low, high, lambda place: math.exp(-place), lambda value: -math.log(value)
    if kind in ("normal", "log_normal"):
        bell = NormalDist(described.get("mu", 0), described.get("sigma", 1))
        if kind == "normal":
            return _NEARLY, 1 - _NEARLY, bell.inv_cdf, bell.cdf
        return (
            _NEARLY,
            1 - _NEARLY,
            lambda place: math.exp(bell.inv_cdf(place)),
            lambda value: bell.cdf(math.log(value)),
        )
    if kind == "beta":
        from scipy.stats import beta  # only here: few sweeps ask for it

        curve = beta(described.get("a", 1), described.get("b", 1))
        return 0, 1, lambda place: float(curve.ppf(place)), lambda value: float(curve.cdf(value))
    return low, high, _itself, _itself


def _not_for_grids(path: tuple[str, ...]) -> UsageError:
    return UsageError(
        f"Grid search needs finitely many values for {'.'.join(path)}: give it `values`, an int_uniform or a q_uniform,"
        " or use the method random"
    )
