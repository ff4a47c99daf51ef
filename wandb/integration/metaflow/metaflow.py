"""The decorator of flows and steps."""

from __future__ import annotations

import copy
import functools
import inspect
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from metaflow import current

import wandb
from wandb.errors.term import termwarn

PLAIN = (dict, list, set, str, int, float, bool)


class ArtifactProxy:
    """Wraps the flow in a step, and records which of its attributes the step reads and sets."""

    def __init__(self, flow: Any) -> None:
        parameters = {name: getattr(flow, name) for name in current.parameter_names}
        vars(self).update(flow=flow, inputs={}, outputs={}, base=set(dir(flow)), params=parameters)

    def __setattr__(self, key: str, value: Any) -> None:
        self.outputs[key] = value
        setattr(self.flow, key, value)

    def __getattr__(self, key: str) -> Any:
        value = getattr(self.flow, key)
        if key not in self.base and key not in self.outputs:
            self.inputs[key] = value
        return value


def wandb_log(
    func: Any = None, /, datasets: bool = False, models: bool = False, others: bool = False, settings: Any = None
) -> Any:
    """Log what a step, or every step of a flow, reads and sets.

    In Pluto: a run for each step, of group `FLOW/RUN` and job type `STEP`; parameters in the configuration, plain
    values as rows, all else as artifacts.

    Args:
        func: the step or the flow.
        datasets: log data frames and paths.
        models: log PyTorch and scikit-learn models.
        others: log whatever else can be pickled.
        settings: `wandb.Settings` of the runs.
    """
    kinds = {"datasets": datasets, "models": models, "others": others}

    def decorate(thing: Any) -> Any:
        if inspect.isclass(thing):
            for name, member in list(vars(thing).items()):
                if getattr(member, "is_step", False):
                    setattr(thing, name, decorate(member))
            return thing
        if hasattr(thing, "_base_func"):  # a step's own decoration wins
            return thing

        @functools.wraps(thing)
        def step(self: Any, *args: Any, **kwargs: Any) -> None:
            own = copy.deepcopy(settings) if isinstance(settings, wandb.Settings) else wandb.Settings()
            own.run_group = own.run_group or f"{current.flow_name}/{current.run_id}"
            own.run_job_type = own.run_job_type or current.step_name
            with wandb.init(settings=own) as run:
                flow = ArtifactProxy(self)
                run.config.update(flow.params)
                thing(flow, *args, **kwargs)
                for name, data in flow.inputs.items():
                    wandb_use(name, data, run=run, **kinds)
                for name, data in flow.outputs.items():
                    wandb_track(name, data, run=run, **kinds)

        step._base_func = thing  # type: ignore[attr-defined]
        step._kwargs = {**kinds, "settings": settings}  # type: ignore[attr-defined]
        return step

    return decorate if func is None else decorate(func)


def wandb_track(
    name: str,
    data: Any,
    datasets: bool = False,
    models: bool = False,
    others: bool = False,
    run: Any = None,
    testing: bool = False,
) -> str | None:
    """Log a value that a step has set, if its kind is wanted; returns the kind when `testing`."""
    found = _kind(data, datasets, models, others)
    if found is None or testing:
        return found
    if found == "scalar":
        run.log({name: data})
        return None
    kind, write = _WRITERS[found]
    artifact = wandb.Artifact(name, type=kind)
    write(artifact, name, data)
    run.log_artifact(artifact)
    return None


def wandb_use(
    name: str,
    data: Any,
    datasets: bool = False,
    models: bool = False,
    others: bool = False,
    run: Any = None,
    testing: bool = False,
) -> str | None:
    """Note that a step has read a value that an earlier one has logged; returns the kind when `testing`."""
    found = _kind(data, datasets, models, others)
    if found in (None, "scalar"):
        return None
    if testing:
        return (
            "datasets" if found in ("dataframe", "path") else "models" if found in ("module", "estimator") else "others"
        )
    try:
        run.use_artifact(f"{name}:latest")
    except (wandb.CommError, TypeError) as error:  # made in this step, or offline
        termwarn(f"The artifact {name} is not noted as used: {error}")
    return None


def _kind(data: Any, datasets: bool, models: bool, others: bool) -> str | None:
    if datasets and _is(data, "pandas", "DataFrame"):
        return "dataframe"
    if models and _is(data, "torch.nn", "Module"):
        return "module"
    if models and _is(data, "sklearn.base", "BaseEstimator"):
        return "estimator"
    if datasets and isinstance(data, Path):
        return "path"
    if isinstance(data, PLAIN):
        return "scalar"
    return "generic" if others else None


def _is(data: Any, module: str, name: str) -> bool:
    return (loaded := sys.modules.get(module)) is not None and isinstance(data, getattr(loaded, name))


def _write_frame(artifact: Any, name: str, data: Any) -> None:
    with artifact.new_file(f"{name}.parquet", "wb") as file:
        data.to_parquet(file, engine="pyarrow")


def _write_pickle(artifact: Any, name: str, data: Any) -> None:
    with artifact.new_file(f"{name}.pkl", "wb") as file:
        pickle.dump(data, file)


def _write_module(artifact: Any, name: str, data: Any) -> None:
    import torch

    with artifact.new_file(f"{name}.pkl", "wb") as file:
        torch.save(data, file)


def _add_path(artifact: Any, name: str, data: Path) -> None:
    (artifact.add_dir if data.is_dir() else artifact.add_file)(str(data))


_WRITERS: dict[str, tuple[str, Callable[[Any, str, Any], None]]] = {
    "dataframe": ("dataset", _write_frame),
    "path": ("dataset", _add_path),
    "module": ("model", _write_module),
    "estimator": ("model", _write_pickle),
    "generic": ("other", _write_pickle),
}
