"""wandb's workspaces, which the package wandb-workspaces makes; Pluto has none."""

from typing import NoReturn

from wandb._native.api.unsupported_methods import REPORTS
from wandb._native.unsupported import refuse_name


def __getattr__(name: str) -> NoReturn:
    refuse_name(__name__, name, REPORTS)
