"""The state of an artifact."""

from enum import Enum


class ArtifactState(Enum):
    """`PENDING` until the server has it, then `COMMITTED`."""

    PENDING = "PENDING"
    COMMITTED = "COMMITTED"
    DELETED = "DELETED"
    GARBAGE_COLLECTED = "GARBAGE_COLLECTED"
    PENDING_DELETION = "PENDING_DELETION"
