"""Which hyperparameters a sweep tries next, from what it has tried already."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

from wandb._native.sweeps import search_space
from wandb._native.sweeps.trial_log import Trial
from wandb.errors import UsageError

METHODS = ("grid", "random", "bayes")


def check(definition: Mapping[str, Any]) -> None:
    """Validate the definition of a sweep.

    Raises:
        UsageError: method or parameters are missing or invalid.
    """
    method = definition.get("method")
    if method not in (*METHODS, "custom"):
        raise UsageError(f"A sweep needs a method, {', '.join(METHODS)}, and not {method!r}")
    if method == "bayes" and not objective(definition)[0]:
        raise UsageError("A sweep with the method bayes needs a metric: {'name': …, 'goal': 'minimize' or 'maximize'}")
    parameters = search_space.read(definition.get("parameters") or {})
    if method == "grid":
        for parameter in parameters:
            parameter.grid()


def objective(definition: Mapping[str, Any]) -> tuple[str | None, bool]:
    """Return the metric of a sweep, None if it has none, and whether more of it is better."""
    metric = definition.get("metric")
    if not isinstance(metric, Mapping):
        return None, False
    return metric.get("name"), str(metric.get("goal", "minimize")).lower().startswith("max")


def result(summary: Any, metric: str | None) -> float | None:
    """Return the metric in a run's summary, nested ones included, or None."""
    if metric is None:
        return None
    value = summary.get(metric)
    if value is None:
        value = summary
        for part in metric.split("."):
            value = value.get(part) if hasattr(value, "get") else None
    if isinstance(value, Mapping):  # define_metric keeps the best under its kind
        value = next((value[kind] for kind in ("best", "max", "min", "last", "mean") if kind in value), None)
    number = isinstance(value, int | float) and not isinstance(value, bool) and value == value
    return float(value) if number else None


def propose(definition: Mapping[str, Any], trials: Sequence[Trial], chance: random.Random) -> dict[str, Any] | None:
    """Return the configuration to try next; None when a grid is exhausted or `run_cap` is reached.

    Args:
        definition: the sweep's definition.
        trials: the ended and running trials.
        chance: source of random numbers.
    """
    cap = definition.get("run_cap")
    if cap is not None and len(trials) >= cap:
        return None
    parameters = search_space.read(definition["parameters"])
    if definition["method"] == "grid":
        return _grid(parameters, trials)
    if definition["method"] == "bayes":
        return _bayes(definition, parameters, trials, chance)
    return search_space.nested({parameter.path: parameter.draw(chance) for parameter in parameters})


def _grid(parameters: Sequence[search_space.Parameter], trials: Sequence[Trial]) -> dict[str, Any] | None:
    tried = {
        _identity(values) for trial in trials if (values := search_space.flat(trial.config, parameters)) is not None
    }
    paths = [parameter.path for parameter in parameters]
    for combination in itertools.product(*(parameter.grid() for parameter in parameters)):
        values = dict(zip(paths, combination, strict=True))
        if _identity(values) not in tried:
            return search_space.nested(values)
    return None


def _identity(values: Mapping[tuple[str, ...], Any]) -> str:
    # 3.0 and 3 are the same value to YAML readers and to servers.
    same = [int(value) if isinstance(value, float) and value.is_integer() else value for value in values.values()]
    return json.dumps(same, sort_keys=True, default=str)


def _bayes(
    definition: Mapping[str, Any],
    parameters: Sequence[search_space.Parameter],
    trials: Sequence[Trial],
    chance: random.Random,
) -> dict[str, Any]:
    """Return the proposal of optuna's TPE sampler (tree-structured Parzen estimators)."""
    try:
        import optuna
    except ImportError:
        raise UsageError("The method bayes needs optuna: pip install 'wandb-compat[sweep]'") from None

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions = {_name(one): _distribution(one) for one in parameters if not _constant(one)}
    # `constant_liar`: the sampler avoids the configurations that are running.
    sampler = optuna.samplers.TPESampler(seed=chance.randrange(2**31), constant_liar=True, n_startup_trials=5)
    _, more_is_better = objective(definition)
    study = optuna.create_study(direction="maximize" if more_is_better else "minimize", sampler=sampler)
    for trial in trials:
        if (past := _optuna_trial(trial, parameters, distributions)) is not None:
            study.add_trial(past)
    asked = study.ask(distributions)
    return search_space.nested({one.path: _value(one, asked.params.get(_name(one))) for one in parameters})


def _optuna_trial(trial: Trial, parameters: Sequence[search_space.Parameter], distributions: Mapping[str, Any]) -> Any:
    """Return a trial in optuna's form; None if it has no result."""
    import optuna

    values = search_space.flat(trial.config, parameters)
    if values is None or (trial.value is None and trial.state != "running"):
        return None
    try:
        places = {_name(one): _place(one, values[one.path]) for one in parameters if not _constant(one)}
    except (ValueError, TypeError):  # not in this search space: the sweep was changed meanwhile
        return None
    state = optuna.trial.TrialState.RUNNING if trial.value is None else optuna.trial.TrialState.COMPLETE
    return optuna.trial.create_trial(state=state, params=places, distributions=dict(distributions), value=trial.value)


def _name(parameter: search_space.Parameter) -> str:
    return ".".join(parameter.path)


def _constant(parameter: search_space.Parameter) -> bool:
    return isinstance(parameter, search_space.Choice) and len(parameter.values) == 1


def _distribution(parameter: search_space.Parameter) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(parameter, search_space.Choice):  # by number: optuna takes no lists or dicts
        return CategoricalDistribution(range(len(parameter.values)))
    if parameter.distribution == "int_uniform":
        return IntDistribution(int(parameter.low), int(parameter.high))
    return FloatDistribution(parameter.low, parameter.high)


def _place(parameter: search_space.Parameter, value: Any) -> float:
    if isinstance(parameter, search_space.Choice):
        return list(parameter.values).index(value)
    place = parameter.place(value)
    return round(place) if parameter.distribution == "int_uniform" else place


def _value(parameter: search_space.Parameter, place: Any) -> Any:
    if isinstance(parameter, search_space.Choice):
        return parameter.values[place or 0]
    return parameter.value(place)
