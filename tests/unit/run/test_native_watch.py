"""`run.watch`: what a PyTorch model's training leaves in the journal, with the real torch."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest

import wandb
from tests.helpers.large_library import large_library
from tests.helpers.native_runs import Recorded
from wandb.sdk import wandb_watch

torch = large_library("torch")


@pytest.fixture(autouse=True)
def first_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names count the models of a process: each test begins with the first one."""
    monkeypatch.setattr(wandb_watch, "_watched", 0)


def model() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Sequential(torch.nn.Linear(8, 2)))


def train(run: Any, net: torch.nn.Module, rounds: int) -> None:
    for step in range(rounds):
        net.zero_grad()
        net(torch.ones(3, 4) + step).sum().backward()
        run.log({"loss": step})


def histograms(recorded: Recorded) -> dict[str, list[tuple[int, Any]]]:
    """Return step and document of every histogram, by key."""
    found: dict[str, list[tuple[int, Any]]] = {}
    for data in recorded.all("data"):
        if data["dataType"] == "HISTOGRAM":
            found.setdefault(data["logName"], []).append((data["step"], json.loads(data["data"])))
    return found


def test_gradients_and_parameters_become_histograms() -> None:
    """At every second step, at the step of the row that follows, of 64 bins that hold every element."""
    net, run = model(), wandb.init(mode="offline")
    assert run.watch(net, log="all", log_freq=2) is None
    train(run, net, 5)
    run.finish()
    found = histograms(Recorded(run._pipeline.run_dir))
    names = ("0.weight", "0.bias", "2.0.weight", "2.0.bias")
    assert set(found) == {f"{kind}/{name}" for kind in ("gradients", "parameters") for name in names}
    assert all([step for step, _ in findings] == [1, 3] for findings in found.values())
    first = found["parameters/0.weight"][0][1]
    weights = net[0].weight
    assert sum(first["freq"]) == 32 and len(first["freq"]) == 64
    assert first["bins"]["min"] == pytest.approx(weights.min().item())
    assert first["bins"]["max"] == pytest.approx(weights.max().item())


def test_unwatch_takes_the_hooks_out() -> None:
    """Of one model, or of all; a model that is not watched causes a warning."""
    one, other, run = model(), model(), wandb.init(mode="offline")
    wandb.watch([one, other], log_freq=1)
    wandb.unwatch(one)
    train(run, one, 1)
    train(run, other, 1)
    run.unwatch()
    train(run, other, 1)
    run.finish()
    found = histograms(Recorded(run._pipeline.run_dir))
    assert set(found) == {f"gradients/graph_1{name}" for name in ("0.weight", "0.bias", "2.0.weight", "2.0.bias")}
    assert [step for step, _ in found["gradients/graph_10.weight"]] == [1]


def test_the_graph_is_kept_once_the_model_has_run() -> None:
    """In Pluto's form with every module, and in the summary with the layers as wandb has them."""
    net, run = model(), wandb.init(mode="offline")
    run.watch(net, log=None, log_graph=True)
    train(run, net, 2)
    assert run.summary["graph_0"]["_type"] == "graph-file"
    run.finish()
    recorded = Recorded(run._pipeline.run_dir)
    graph = recorded.one("graph")
    assert graph["format"] == "torch"
    assert {name: (node["type"], node["depth"]) for name, node in graph["nodes"].items()} == {
        ".": ("Sequential", 0),
        "0": ("Linear", 1),
        "1": ("ReLU", 1),
        "2": ("Sequential", 1),
        "2.0": ("Linear", 2),
    }
    assert graph["nodes"]["2.0"]["params"] == {"weight": [2, 8], "bias": [2]}
    assert graph["nodes"]["2.0"]["order"] == 2
    (document,) = [data for data in recorded.all("data") if data["dataType"] == "GRAPH"]
    assert [node["name"] for node in json.loads(document["data"])["nodes"].values()] == ["0", "1", "2.0"]
    with pytest.raises(ValueError, match="once per model"):
        wandb.init(mode="offline", reinit="create_new").watch(net, log_graph=True)


@pytest.mark.parametrize(
    ("tensor", "counts", "edges"),
    [
        (lambda: torch.tensor([1.0, float("nan"), 1.0, float("inf")]), [2.0], [1.0, 1.0]),
        (lambda: torch.tensor([float("nan")]), None, None),
        (lambda: torch.zeros(0), None, None),
        (lambda: torch.eye(4).to_sparse(), (12, 4), (0.0, 1.0)),
        (lambda: torch.tensor([[0, 64]], dtype=torch.int64), (1, 1), (0.0, 64.0)),
        (lambda: [torch.tensor([0.0]), [torch.tensor([[1.0]])]], (1, 1), (0.0, 1.0)),
        (lambda: torch.tensor([0.0, 2.0], dtype=torch.bfloat16), (1, 1), (0.0, 2.0)),
    ],
)
def test_odd_tensors(tensor: Any, counts: Any, edges: Any) -> None:
    """What is not finite is left out, the zeros of sparse tensors count, other types are numbers too."""
    histogram = importlib.import_module("wandb.integration.torch.wandb_torch")._histogram(tensor())
    if counts is None or isinstance(counts, list):
        assert histogram == (None if counts is None else (counts, edges))
    else:
        assert histogram is not None
        assert (histogram[0][0], histogram[0][-1]) == counts and sum(histogram[0]) == sum(counts)
        assert (histogram[1][0], histogram[1][-1]) == edges


def test_wrong_arguments_raise_as_with_wandb() -> None:
    """A word that does not exist, something that is not a model, the gradients of one model twice."""
    run, net = wandb.init(mode="offline"), model()
    with pytest.raises(ValueError, match="log must be one of"):
        run.watch(net, log="weights")
    with pytest.raises(TypeError, match="Expected a pytorch model"):
        run.watch("net")
    run.watch(net, idx=0)
    with pytest.raises(ValueError, match="already been set"):
        run.watch(net, idx=0)
    run.finish()


def test_a_model_without_hooks_is_watched_without_its_graph(capsys: pytest.CaptureFixture[str]) -> None:
    """A scripted module takes no hooks: one warning, and training goes on."""
    model = torch.jit.script(torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.ReLU()))
    with wandb.init(mode="offline") as run:
        run.watch(model, log="parameters", log_graph=True)
    assert capsys.readouterr().err.count("The graph of RecursiveScriptModule is not logged") == 1


def test_models_of_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be watched is one warning, and never ends the training."""
    shared = torch.nn.Linear(4, 4)
    kinds = {
        "scripted": torch.jit.script(model()),
        "traced": torch.jit.trace(model(), torch.zeros(1, 4)),
        "lazy": torch.nn.Sequential(torch.nn.LazyLinear(2), torch.nn.LazyLinear(2)),
        "shared": torch.nn.Sequential(shared, shared),
        "quantised": torch.ao.quantization.quantize_dynamic(model(), {torch.nn.Linear}, dtype=torch.qint8),
        "empty": torch.nn.Identity(),
        "dict": torch.nn.ModuleDict({"a": model()}),
    }
    run = wandb.init(mode="offline")
    for name, net in kinds.items():
        run.watch(net, log="all", log_graph=True, log_freq=1)
        if name != "dict":
            net(torch.ones(3, 4))
        run.log({"loss": 1})
        run.unwatch(net)
    assert run._torch._hook_handles is not None
    run.finish()
    assert capsys.readouterr().err.count("skipping gradient tracking") == 1
