"""What automations spoke to."""

from wandb.apis.public.refused import AUTOMATIONS, Refused


class Integrations(Refused):
    """Refused: Pluto has no automations."""

    instead = AUTOMATIONS


class SlackIntegrations(Refused):
    """Refused: Pluto has no automations."""

    instead = AUTOMATIONS


class WebhookIntegrations(Refused):
    """Refused: Pluto has no automations."""

    instead = AUTOMATIONS
