"""The API that reads runs back: its classes can be named, but not made yet."""

from wandb._absent import Absent


class Api(Absent):
    """See `wandb.Api` of wandb."""


class Run(Absent):
    """See `wandb.Api` of wandb."""


class Runs(Absent):
    """See `wandb.Api` of wandb."""


class File(Absent):
    """See `wandb.Api` of wandb."""


class Files(Absent):
    """See `wandb.Api` of wandb."""


class Project(Absent):
    """See `wandb.Api` of wandb."""


class Projects(Absent):
    """See `wandb.Api` of wandb."""


class Sweep(Absent):
    """See `wandb.Api` of wandb."""


class Sweeps(Absent):
    """See `wandb.Api` of wandb."""


class Artifacts(Absent):
    """See `wandb.Api` of wandb."""


class ArtifactCollection(Absent):
    """See `wandb.Api` of wandb."""


class ArtifactType(Absent):
    """See `wandb.Api` of wandb."""


class RunArtifacts(Absent):
    """See `wandb.Api` of wandb."""


class Job(Absent):
    """See `wandb.Api` of wandb."""


class QueuedRun(Absent):
    """See `wandb.Api` of wandb."""


class RunQueue(Absent):
    """See `wandb.Api` of wandb."""


class User(Absent):
    """See `wandb.Api` of wandb."""


class Team(Absent):
    """See `wandb.Api` of wandb."""


class Member(Absent):
    """See `wandb.Api` of wandb."""


__all__ = [
    "Api",
    "ArtifactCollection",
    "ArtifactType",
    "Artifacts",
    "File",
    "Files",
    "Job",
    "Member",
    "Project",
    "Projects",
    "QueuedRun",
    "Run",
    "RunArtifacts",
    "RunQueue",
    "Runs",
    "Sweep",
    "Sweeps",
    "Team",
    "User",
]
