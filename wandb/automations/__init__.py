"""Automations, which Pluto has not."""

from wandb._native.api.unsupported_methods import AUTOMATIONS
from wandb._native.unsupported import names_of

_NAMES = """
    ActionType ArtifactCollectionScope ArtifactEvent Automation DoNothing EntityScope EventType Integration
    MetricChangeFilter MetricThresholdFilter MetricZScoreFilter NewAutomation OnAddArtifactAlias OnAddArtifactTag
    OnAddCollectionTag OnCreateArtifact OnLinkArtifact OnRemoveArtifactTag OnRemoveCollectionTag OnRunMetric OnRunState
    OnUnlinkArtifact OrgScope ProjectScope RegistryScope RunEvent RunStateFilter ScopeType SendNotification
    SendPromptToAria SendWebhook SlackIntegration TeamScope WebhookIntegration
"""
__all__ = _NAMES.split()
globals().update(names_of(__name__, AUTOMATIONS, kinds=_NAMES))
