"""`InternalArtifact` at wandb's path."""

from wandb.sdk.artifacts.artifact import InternalArtifact

__all__ = ["InternalArtifact"]
