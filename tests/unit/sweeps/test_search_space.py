"""The search space: every distribution of wandb's sweeps, drawn, enumerated and found again."""

import math
import random
import statistics

import pytest

from wandb._native.sweeps import search, search_space
from wandb._native.sweeps.trial_log import Trial
from wandb.errors import UsageError

BOUNDED = {
    "uniform": ({"min": -1.0, "max": 3.0}, -1, 3),
    "int_uniform": ({"min": 2, "max": 9}, 2, 9),
    "log_uniform": ({"min": -2, "max": 1, "distribution": "log_uniform"}, math.exp(-2), math.exp(1)),
    "log_uniform_values": ({"min": 1e-4, "max": 1, "distribution": "log_uniform_values"}, 1e-4, 1),
    "inv_log_uniform": ({"min": 1, "max": 3, "distribution": "inv_log_uniform"}, math.exp(-3), math.exp(-1)),
    "inv_log_uniform_values": ({"min": 0.1, "max": 2, "distribution": "inv_log_uniform_values"}, 0.1, 2),
    "q_uniform": ({"min": 0, "max": 10, "q": 5, "distribution": "q_uniform"}, 0, 10),
    "q_log_uniform_values": ({"min": 8, "max": 64, "q": 8, "distribution": "q_log_uniform_values"}, 8, 64),
    "beta": ({"a": 2, "b": 5, "distribution": "beta"}, 0, 1),
}


@pytest.mark.parametrize("name", BOUNDED)
def test_draws_stay_where_they_belong(name: str) -> None:
    """Values stay between the bounds, fill them, and map back to their position."""
    described, low, high = BOUNDED[name]
    (parameter,) = search_space.read({"x": described})
    assert isinstance(parameter, search_space.Number)
    chance = random.Random(1)
    values = [parameter.draw(chance) for _ in range(400)]
    assert low - 1e-9 <= min(values) and max(values) <= high + 1e-9
    assert len(set(values)) >= 3
    for value in values[:20]:
        assert parameter.value(parameter.place(value)) == pytest.approx(value)


def test_logarithmic_draws_are_even_in_the_exponent() -> None:
    """Half of the values between 1e-4 and 1 are below 1e-2; between e**min and e**max likewise."""
    chance = random.Random(2)
    (values,) = search_space.read({"x": BOUNDED["log_uniform_values"][0]})
    assert statistics.median(values.draw(chance) for _ in range(2000)) == pytest.approx(1e-2, rel=0.4)
    (exponents,) = search_space.read({"x": BOUNDED["log_uniform"][0]})
    assert statistics.median(exponents.draw(chance) for _ in range(2000)) == pytest.approx(math.exp(-0.5), rel=0.2)


def test_normal_draws_have_mean_and_deviation() -> None:
    """`mu` and `sigma` are those of the values, or of their logarithms."""
    chance = random.Random(3)
    (bell,) = search_space.read({"x": {"distribution": "normal", "mu": 5, "sigma": 2}})
    values = [bell.draw(chance) for _ in range(2000)]
    assert statistics.mean(values) == pytest.approx(5, abs=0.3)
    assert statistics.stdev(values) == pytest.approx(2, abs=0.2)
    (skewed,) = search_space.read({"x": {"distribution": "log_normal", "mu": 1}})
    assert statistics.mean(math.log(skewed.draw(chance)) for _ in range(2000)) == pytest.approx(1, abs=0.15)


def test_quantized_values_are_multiples() -> None:
    """A quantized value is a multiple of `q`, an integer when `q` is one."""
    (parameter,) = search_space.read({"x": {"distribution": "q_normal", "mu": 50, "sigma": 20, "q": 4}})
    values = [parameter.draw(random.Random(seed)) for seed in range(50)]
    assert all(isinstance(value, int) and value % 4 == 0 for value in values)


def test_probabilities_weigh() -> None:
    """A value of probability 0 never comes."""
    (parameter,) = search_space.read({"x": {"values": ["a", "b"], "probabilities": [0, 1]}})
    assert {parameter.draw(random.Random(seed)) for seed in range(50)} == {"b"}


def test_a_grid_takes_every_combination_once() -> None:
    """Sorted by name, the last one fastest, nested ones inside dicts; integers and quantized numbers too."""
    definition = {
        "method": "grid",
        "parameters": {
            "b": {"values": [1, 2.0]},
            "a": {"parameters": {"inner": {"min": 0, "max": 1}, "fixed": {"value": "f"}}},
            "q": {"distribution": "q_uniform", "min": 0.0, "max": 1.0, "q": 0.5},
        },
    }
    search.check(definition)
    trials: list[Trial] = []
    while (config := search.propose(definition, trials, random.Random())) is not None:
        trials.append(Trial(str(len(trials)), config))
    assert [trial.config for trial in trials] == [
        {"a": {"fixed": "f", "inner": inner}, "b": b, "q": q} for inner in (0, 1) for b in (1, 2.0) for q in (0.0, 0.5)
    ]


def test_bayes_learns() -> None:
    """Around a minimum at x = 1 later trials are nearer to it than chance, for which the mean distance is 5.05."""
    definition = {
        "method": "bayes",
        "metric": {"name": "loss", "goal": "minimize"},
        "parameters": {"x": {"min": -10.0, "max": 10.0}, "kind": {"values": [["a"], {"b": 1}]}, "one": {"value": 7}},
    }
    search.check(definition)
    later: list[float] = []
    for seed in range(3):
        chance, trials = random.Random(seed), []
        for number in range(30):
            config = search.propose(definition, trials, chance)
            assert config is not None and config["one"] == 7 and config["kind"] in (["a"], {"b": 1})
            trials.append(Trial(str(number), config, "finished", (config["x"] - 1) ** 2))
        later += [abs(trial.config["x"] - 1) for trial in trials[15:]]
    assert statistics.mean(later) < 4


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ({"parameters": {"x": {"value": 1}}}, "needs a method"),
        ({"method": "grid"}, "parameters must be a dict"),
        ({"method": "grid", "parameters": {"x": {"min": 0.0, "max": 1.0}}}, "needs finitely many values for x"),
        ({"method": "random", "parameters": {"x": 3, "y": {"min": 1}}}, "x must be a dict .* y must have"),
        ({"method": "random", "parameters": {"x": {"min": 2, "max": 1}}}, "not above `max`"),
        (
            {"method": "random", "parameters": {"x": {"distribution": "q_int_uniform", "min": 1, "max": 2}}},
            "that exists",
        ),
        ({"method": "random", "parameters": {"x": {"values": []}}}, "at least one value"),
        ({"method": "bayes", "parameters": {"x": {"values": [1, 2]}}}, "needs a metric"),
    ],
)
def test_what_cannot_be_searched_is_refused(definition: dict, message: str) -> None:
    """The sentence names the parameter, what it is, and what it must be."""
    with pytest.raises(UsageError, match=message):
        search.check(definition)
