"""Registries, which Pluto has not."""

from wandb._native.api.unsupported_methods import REGISTRY, Refused


class Registry(Refused):
    """Refused: Pluto has no registry."""

    instead = REGISTRY


class Registries(Refused):
    """Refused: Pluto has no registry."""

    instead = REGISTRY
