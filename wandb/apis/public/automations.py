"""Automations, which Pluto has not."""

from wandb.apis.public.refused import AUTOMATIONS, Refused


class Automations(Refused):
    """Refused: Pluto has no automations."""

    instead = AUTOMATIONS
