"""What `importlib.metadata` says of `wandb` where no real one is installed: integrations ask for its version."""

import os
from collections.abc import Iterable
from importlib.metadata import Distribution

from wandb_compat import startup
from wandb_compat.import_hook import real_wandb

VERSION = "0.31.0"  # of the API that the native package offers, as `wandb.__version__`


class _Native(Distribution):
    """The distribution that the native package stands for."""

    def read_text(self, filename: str) -> str | None:
        if filename != "METADATA":
            return None
        return f"Metadata-Version: 2.1\nName: wandb\nVersion: {VERSION}\nSummary: Provided by wandb-compat.\n"

    def locate_file(self, path: str | os.PathLike[str]) -> os.PathLike[str]:  # type: ignore[override]
        from pathlib import Path

        return Path(startup.dropin_root(), path)


def find() -> Iterable[Distribution]:
    """Return the distribution, unless a real wandb is there to speak for itself."""
    return () if real_wandb.find() else (_Native(),)
