"""What automations spoke to."""

from wandb._native.api.unsupported_methods import AUTOMATIONS, Refused


class Integrations(Refused):
    """Refused: Pluto has no automations."""

    instead = AUTOMATIONS


class SlackIntegrations(Refused):
    """Refused: Pluto has no automations."""

    instead = AUTOMATIONS


class WebhookIntegrations(Refused):
    """Refused: Pluto has no automations."""

    instead = AUTOMATIONS
