"""`wandb.require`: switches of wandb that have become the default."""

from __future__ import annotations

from collections.abc import Iterable

from wandb.errors import UnsupportedError

_FEATURES = ("core", "legacy-service", "require", "service", "report-editing", "incremental-artifacts")


def require(requirement: str | Iterable[str] | None = None, experiment: str | Iterable[str] | None = None) -> None:
    """Accept what was once optional.

    Args:
        requirement: a feature, with or without `:version` or `@version`, or several.
        experiment: the same.

    Raises:
        wandb.errors.UnsupportedError: a feature was never there.
    """
    features = requirement or experiment or ()
    for feature in [features] if isinstance(features, str) else features:
        name = feature.partition("@")[0].partition(":")[0].removeprefix("wandb-")
        if name not in _FEATURES:
            raise UnsupportedError(f"require() unsupported requirement: {name}")
