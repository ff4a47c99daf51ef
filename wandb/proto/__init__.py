"""wandb's protocol buffers, which are those of the real wandb only.

Refused: read runs with wandb.Api(), and what is on disk with `wandb-compat journal show FILE`.
"""

from typing import NoReturn

from wandb._native.unsupported import refuse_name


def __getattr__(name: str) -> NoReturn:
    refuse_name(__name__, name, "read runs on disk with `wandb-compat journal show FILE`")
