"""Imports orjson; import it from here, as an interrupt during its own start-up crashes the interpreter."""

from wandb_compat.config import interrupts

with interrupts.postponed():
    import orjson

__all__ = ["orjson"]
