"""Methods without a counterpart in Pluto: each raises an error that suggests an alternative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from wandb._native.unsupported import refuse as refuse

LAUNCH = "Pluto has no launch queues: start the job with your scheduler, or sweep with wandb.agent"
REGISTRY = "Pluto has no registry: run.link_artifact gives an artifact a second name in the run's project"
AUTOMATIONS = "Pluto has no automations: run.alert sends a message, and its server watches thresholds on the run's page"
REPORTS = "Pluto has no reports: read runs with wandb.Api().runs(...) and write the page with any tool"
PEOPLE = "a key cannot create users or teams; invite people on Pluto's own page"


def method(name: str, instead: str) -> Callable[..., Any]:
    """Return a method that refuses every call under the public name `name`."""

    def refused(self: Any, *args: Any, **kwargs: Any) -> NoReturn:
        refuse(name, instead)

    refused.__name__ = refused.__qualname__ = name.rpartition(".")[2]
    refused.__doc__ = f"Refused: {instead}."
    return refused


class Refused:
    """Base of classes that can be named in annotations and `isinstance`, and never made."""

    instead: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        refuse(f"wandb.apis.public.{type(self).__name__}", self.instead)
