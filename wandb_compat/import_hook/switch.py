"""The switch `WANDB_COMPAT`, the place of our `wandb`, and the one line for what goes wrong at interpreter start.

Loaded at interpreter start: imports nothing that Python has not loaded already.
"""

import os
import sys


def switched_off() -> bool:
    """Return whether the environment variable `WANDB_COMPAT` disables the product."""
    if value := os.environ.get("WANDB_COMPAT"):
        from wandb_compat.config.truthy import is_false

        return is_false(value)
    return False


def dropin_root() -> str:
    """Return the directory that contains our `wandb`: on `PYTHONPATH` it has the effect of the start-up file."""
    from importlib.machinery import PathFinder

    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    shipped = os.path.join(package, "dropin")
    if PathFinder.find_spec("wandb._bootstrap", [os.path.join(shipped, "wandb")]):
        return shipped
    return os.path.dirname(package)  # a checkout, where `wandb/` is beside `wandb_compat/`


def complain(text: str) -> None:
    """Write one line to stderr."""
    if sys.stderr is not None:
        sys.stderr.write(f"wandb-compat: {text}\n")
