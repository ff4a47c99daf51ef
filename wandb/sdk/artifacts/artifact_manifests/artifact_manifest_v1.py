"""The one format of manifests, at wandb's path."""

from wandb.sdk.artifacts.artifact_manifest import ArtifactManifest as ArtifactManifestV1

__all__ = ["ArtifactManifestV1"]
