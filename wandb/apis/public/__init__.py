"""The API that reads runs back, at the path where wandb has it; each class is loaded at its first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wandb.apis.public.api import Api as Api

# Where each name stands.
_HOMES = {
    "api": ("Api",),
    "artifacts": (
        "ArtifactCollection",
        "ArtifactCollections",
        "ArtifactType",
        "ArtifactTypes",
        "Artifacts",
        "ProjectArtifactCollections",
        "RunArtifacts",
    ),
    "console_logs": ("ConsoleLogLine", "ConsoleLogs"),
    "files": ("File", "Files"),
    "history": ("HistoryScan",),
    "projects": ("Project", "Projects"),
    "refused": (
        "Automations",
        "BetaReport",
        "Integrations",
        "Job",
        "Organization",
        "PanelMetricsHelper",
        "PythonMongoishQueryGenerator",
        "QueryGenerator",
        "QueuedRun",
        "Registries",
        "Registry",
        "Reports",
        "RunQueue",
        "SlackIntegrations",
        "WebhookIntegrations",
    ),
    "runs": ("Run", "RunNotFoundError", "Runs"),
    "sweeps": ("Sweep", "Sweeps"),
    "users": ("Member", "Team", "User"),
}
_WHERE = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_WHERE)  # one list of the names is enough


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
