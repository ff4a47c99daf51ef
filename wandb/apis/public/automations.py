"""Automations, which Pluto has not."""

from wandb._native.api.unsupported_methods import AUTOMATIONS, Refused


class Automations(Refused):
    """Refused: Pluto has no automations."""

    instead = AUTOMATIONS
