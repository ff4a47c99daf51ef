"""Answers `importlib.metadata` for `wandb` where no real one is installed: integrations ask for its version."""

import os
from collections.abc import Iterable
from importlib.metadata import Distribution

from wandb_compat.import_hook import real_wandb, switch

VERSION = "0.31.0"  # of the API that the native package offers, as `wandb.__version__`


class _NativeDistribution(Distribution):
    """The metadata of the native package."""

    def read_text(self, filename: str) -> str | None:
        if filename != "METADATA":
            return None
        return f"Metadata-Version: 2.1\nName: wandb\nVersion: {VERSION}\nSummary: Provided by wandb-compat.\n"

    def locate_file(self, path: str | os.PathLike[str]) -> os.PathLike[str]:  # type: ignore[override]
        from pathlib import Path

        return Path(switch.dropin_root(), path)


def find_distributions() -> Iterable[Distribution]:
    """Return the native package's distribution, or nothing when a real wandb is installed."""
    return () if real_wandb.find_spec() else (_NativeDistribution(),)
