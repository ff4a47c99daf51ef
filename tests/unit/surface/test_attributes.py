"""Looking up a missing name raises AttributeError and nothing else, on modules and on the readers' results."""

from __future__ import annotations

import importlib
import pickle
from typing import Any

import pytest

import wandb
from wandb.apis.attrs import Attrs
from wandb.errors import UnsupportedError

# Public classes, and the module that wandb has for them in pickles and tracebacks, wherever our code is.
MODULES = {
    "wandb.Api": "wandb.apis.public.api",
    "wandb.Artifact": "wandb.sdk.artifacts.artifact",
    "wandb.apis.public.File": "wandb.apis.public.files",
    "wandb.apis.public.Run": "wandb.apis.public.runs",
    "wandb.apis.public.RunNotFoundError": "wandb.apis.public.runs",
    "wandb.apis.public.Runs": "wandb.apis.public.runs",
    "wandb.apis.public.Sweep": "wandb.apis.public.sweeps",
    "wandb.apis.public.ArtifactFiles": "wandb.apis.public.artifacts",
}


def find(path: str) -> Any:
    """Return the object at a dotted path below a module."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize(
    "module",
    ["wandb", "wandb.proto", "wandb.apis", "wandb.apis.public", "wandb.apis.reports", "wandb.apis.workspaces",
     "wandb.automations", "wandb.sandbox", "wandb.sdk", "wandb.plot", "wandb.errors", "wandb.util"],
)  # fmt: skip
def test_a_module_without_a_name_has_no_such_attribute(module: str) -> None:
    """`hasattr` is false, and `from … import` raises ImportError."""
    assert not hasattr(importlib.import_module(module), "no_such_name")
    with pytest.raises(ImportError):
        exec(f"from {module} import no_such_name")


def test_the_error_of_a_module_names_the_alternative() -> None:
    """The text says what to do instead; the class fits both kinds of `except`."""
    with pytest.raises(AttributeError, match="wandb-compat journal show"):
        _ = wandb.proto.wandb_internal_pb2
    with pytest.raises(UnsupportedError):
        _ = wandb.proto.wandb_internal_pb2


def test_results_without_an_attribute_raise_attribute_error() -> None:
    """Objects of the readers too, copied and unpickled ones included."""
    result = Attrs({"displayName": "n"})
    for one in (result, pickle.loads(pickle.dumps(result))):
        assert one.display_name == "n" and not hasattr(one, "no_such_name")


@pytest.mark.parametrize(("path", "module"), MODULES.items())
def test_classes_keep_the_module_that_wandb_has(path: str, module: str) -> None:
    """Pickles name the class by this module, and find it there."""
    kind = find(path)
    assert kind.__module__ == module
    assert pickle.loads(pickle.dumps(kind)) is kind


def test_no_public_class_of_the_readers_names_a_private_module() -> None:
    """`wandb._native` is in no pickle."""
    public = importlib.import_module("wandb.apis.public")
    named = {name: getattr(getattr(public, name), "__module__", None) for name in public.__all__}
    assert [name for name, module in named.items() if "_native" in str(module)] == []
