"""Launch queues and their jobs, which Pluto has not."""

from typing import Literal

from wandb._native.api.unsupported_methods import LAUNCH, Refused

RunQueueResourceType = Literal["local-container", "local-process", "kubernetes", "sagemaker", "gcp-vertex"]
RunQueueAccessType = Literal["project", "user"]
RunQueuePrioritizationMode = Literal["DISABLED", "V0"]


class Job(Refused):
    """Refused: Pluto has no launch queues."""

    instead = LAUNCH


class QueuedRun(Refused):
    """Refused: Pluto has no launch queues."""

    instead = LAUNCH


class RunQueue(Refused):
    """Refused: Pluto has no launch queues."""

    instead = LAUNCH
