"""wandb's reports, which the package wandb-workspaces makes; Pluto has none."""

from wandb._native.api.unsupported_methods import REPORTS
from wandb._native.unsupported import refuse


def __getattr__(name: str) -> object:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    refuse(f"wandb.apis.reports.{name}", REPORTS)
