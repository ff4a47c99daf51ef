"""How long an artifact lives."""

import enum


class ArtifactTTL(enum.Enum):
    """`INHERIT`: as long as its collection says."""

    INHERIT = 0
