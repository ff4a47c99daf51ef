"""The logging of any Keras script by `wandb.init(magic=True)`, which wandb gave up with 0.17."""

from __future__ import annotations

from typing import Any

from wandb.errors.term import termwarn

__all__ = ("magic_install",)


def magic_install(init_args: dict[str, Any] | None = None) -> None:
    """Do nothing but say so.

    Accepted: name what is to be logged, or give Keras `wandb.integration.keras.WandbMetricsLogger`.

    Args:
        init_args: without effect, accepted.
    """
    termwarn("magic logs nothing any more: use wandb.integration.keras.WandbMetricsLogger or wandb.log", repeat=False)
