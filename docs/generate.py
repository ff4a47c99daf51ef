"""Writes `docs/configuration.md` from the settings model; with `--check` only tells whether it is up to date."""

import sys
from pathlib import Path

from pydantic_core import PydanticUndefined

from wandb_compat.settings import Settings
from wandb_compat.wire.endpoints import PORTS, VARIABLES

PAGE = Path(__file__).with_name("configuration.md")

HEAD = """# Configuration

Everything is set by environment variables. They are read at `wandb.init()`, so a script may set them itself before that
call; only what chooses the mode counts from the first use of a name of `wandb`. A value that has no sense is named in a
warning, and the default holds instead: a typo never stops a training run.

This page is generated from the settings model by `python docs/generate.py`.
"""

SECTIONS = {
    "The switch and the sunset": ("switch", "post_sunset"),
    "Pluto": ("pluto_",),
    "Bounds": ("finish_budget", "linger", "journal_limit", "segment_size", "batch_size", "heartbeat"),
    "wandb's own": ("wandb_",),
}

TAIL = f"""
## Credentials

The first that is there is used: `PLUTO_API_KEY`; after the sunset `WANDB_API_KEY`, if what it holds begins like a Pluto
token (`mlpi_` or `mlps_`); the token that `pluto login` or `wandb-compat login` left in the keyring. Without any of them the
runs stay in the journal on disk, and `wandb-compat sync` sends them later. `wandb-compat doctor` tells which one was found.

## A server of your own

Set {", ".join(f"`{name}`" for name in VARIABLES)}. A missing one is derived in two cases only: the others are one
host's standard ports ({", ".join(map(str, PORTS))}, in this order), or at least two are set and all to the same URL. Otherwise
nothing is sent and a sentence names the missing variable: a key never goes to the public cloud because one was forgotten.
"""


def default(value: object) -> str:
    """Return a default as the table shows it."""
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def page() -> str:
    """Return the whole page."""
    names: dict[str, list[str]] = {}
    for variable, field in Settings.variables().items():
        names.setdefault(field, []).append(variable)
    text, left = HEAD, dict(names)
    for title, prefixes in SECTIONS.items():
        text += f"\n## {title}\n\n| variable | default | meaning |\n|---|---|---|\n"
        for field in [field for field in left if field.startswith(prefixes)]:
            info = Settings.model_fields[field]
            variables = ", ".join(f"`{name}`" for name in left.pop(field))
            text += f"| {variables} | {default(info.default)} | {info.description} |\n"
    assert not left, f"no section shows {left}"
    return text + TAIL


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        sys.exit(f"{PAGE} is out of date: run `python docs/generate.py`")
