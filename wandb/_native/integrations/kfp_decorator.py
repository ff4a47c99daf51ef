"""The decorator of components of Kubeflow Pipelines 2."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import wandb
from wandb.errors.term import termwarn


def wandb_log(func: Callable[..., Any] | None = None, **kwargs: Any) -> Callable[..., Any]:
    """Log what a component takes and gives.

    In Pluto: a run of job type `FUNCTION` for each call; scalar inputs in the configuration; results as `FUNCTION` or
    `FUNCTION.FIELD`; `Input` and `Output` artifacts as artifacts. The component's image must have wandb-compat, as
    `packages_to_install=["wandb-compat"]` brings it.

    Args:
        func: the function below `@dsl.component`.
        kwargs: accepted.
    """
    if func is None:
        return wandb_log
    signature = inspect.signature(func)
    kinds = {name: _kind(parameter.annotation) for name, parameter in signature.parameters.items()}

    @functools.wraps(func)
    def component(*args: Any, **kwargs: Any) -> Any:
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        group = next(filter(None, map(os.environ.get, ("WANDB_RUN_GROUP", "KFP_RUN_NAME", "ARGO_WORKFLOW_NAME"))), None)
        with wandb.init(job_type=func.__name__, group=group) as run:
            if page := os.environ.get("WANDB_KUBEFLOW_URL"):
                run.config["LINK_TO_KUBEFLOW"] = page
            run.config.update({name: value for name, value in given.arguments.items() if kinds[name] == "scalar"})
            _artifacts(run, given.arguments, kinds, "input")
            result = func(*given.args, **given.kwargs)
            if hasattr(result, "_asdict"):
                run.log({f"{func.__name__}.{name}": value for name, value in result._asdict().items()})
            elif result is not None:
                run.log({func.__name__: result})
            _artifacts(run, given.arguments, kinds, "output")
        return result

    # The executor reads the parameters of the function that it is given.
    component.__signature__ = signature  # type: ignore[attr-defined]
    component._wandb_logged = True  # type: ignore[attr-defined]
    return component


def unpatch_kfp() -> None:
    """Do nothing: nothing of kfp is patched."""


def _kind(annotation: Any) -> str:
    """Return whether a parameter is an `input` artifact, an `output` artifact or a `scalar`."""
    text = f"{annotation!r} {getattr(annotation, '__metadata__', '')!r}"
    if "Output" in text:
        return "output"
    return "input" if "Input" in text else "scalar"


def _artifacts(run: Any, arguments: dict[str, Any], kinds: dict[str, str], wanted: str) -> None:
    for name, value in arguments.items():
        path = Path(str(getattr(value, "path", value)))
        if kinds[name] != wanted:
            continue
        if not path.exists():
            termwarn(f"The {wanted} {name} is not logged: there is nothing at {path}")
            continue
        artifact = wandb.Artifact(name, type=f"kfp_{wanted}")
        (artifact.add_dir if path.is_dir() else artifact.add_file)(str(path))
        run.log_artifact(artifact)
