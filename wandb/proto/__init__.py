"""wandb's protocol buffers, which are those of the real wandb only.

Refused: read runs with wandb.Api(), and what is on disk with `wandb-compat journal show FILE`.
"""

from wandb._native.unsupported import refuse


def __getattr__(name: str) -> object:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    refuse(f"wandb.proto.{name}", "read runs on disk with `wandb-compat journal show FILE`")
