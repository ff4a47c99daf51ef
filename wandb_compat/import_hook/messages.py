"""Messages of the import hook, in wandb's style on stderr, each once per process."""

import os
import sys

from wandb_compat.config.truthy import is_true

_shown: set[str] = set()


def show_once(text: str) -> None:
    """Write a line to stderr as wandb does, once, unless `WANDB_SILENT` is set."""
    if text in _shown or is_true(os.environ.get("WANDB_SILENT")):
        return
    _shown.add(text)
    if sys.stderr is not None:
        print(f"wandb: {text}", file=sys.stderr)
