"""The API that reads runs back, at the path where wandb has it; each class is loaded at its first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wandb.apis.public.api import Api as Api
    from wandb.apis.public.artifacts import ArtifactCollection as ArtifactCollection
    from wandb.apis.public.artifacts import ArtifactTypes as ArtifactTypes
    from wandb.apis.public.artifacts import ProjectArtifactCollections as ProjectArtifactCollections
    from wandb.apis.public.artifacts import RunArtifacts as RunArtifacts
    from wandb.apis.public.projects import Project as Project
    from wandb.apis.public.runs import Runs as Runs
    from wandb.apis.public.sweeps import Sweep as Sweep
    from wandb.apis.public.sweeps import Sweeps as Sweeps
    from wandb.apis.public.users import User as User

# The module of each name.
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
    "automations": ("Automations",),
    "console_logs": ("ConsoleLogLine", "ConsoleLogs"),
    "files": ("FILE_FRAGMENT", "File", "Files"),
    "history": ("HistoryScan",),
    "integrations": ("Integrations", "SlackIntegrations", "WebhookIntegrations"),
    "jobs": (
        "Job",
        "QueuedRun",
        "RunQueue",
        "RunQueueAccessType",
        "RunQueuePrioritizationMode",
        "RunQueueResourceType",
    ),
    "organizations": ("Organization",),
    "projects": ("Project", "Projects"),
    "query_generator": ("QueryGenerator",),
    "registries": ("Registries", "Registry"),
    "reports": ("BetaReport", "PanelMetricsHelper", "PythonMongoishQueryGenerator", "Reports"),
    "runhistory": ("DownloadHistoryResult", "IncompleteRunHistoryError"),
    "runs": ("RUN_FRAGMENT", "AgentRuns", "Run", "RunNotFoundError", "Runs"),
    "sweeps": ("Sweep", "Sweeps"),
    "teams": ("Member", "Team"),
    "users": ("User",),
}
_WHERE = {name: f"{__name__}.{home}" for home, names in _HOMES.items() for name in names}
_WHERE["ArtifactFiles"] = "wandb._native.artifacts.files_page"

__all__ = sorted(_WHERE)  # one list of the names is enough


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_WHERE[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
