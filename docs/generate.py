"""Writes the pages that follow from the code; with `--check` only tells whether they are up to date.

`configuration.md` comes from the settings model, `supported.md` from the native package: which name works is asked of
the name itself, how it arrives stands in its docstring, in the paragraph that begins with `In Pluto:`.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined

from wandb_compat.settings import Settings
from wandb_compat.wire.endpoints import PORTS, VARIABLES

DOCS = Path(__file__).parent

HEAD = """# Configuration

Everything is set by environment variables. They are read at `wandb.init()`, so a script may set them itself before that
call; only what chooses the mode counts from the first use of a name of `wandb`. A value that has no sense is named in a
warning, and the default holds instead: a typo never stops a training run.

This page is generated from the settings model by `python docs/generate.py`.
"""

SECTIONS = {
    "The switch and the sunset": ("switch", "post_sunset"),
    "Pluto": ("pluto_",),
    "Bounds": ("finish_budget", "linger", "adopt", "journal_limit", "segment_size", "batch_size", "heartbeat"),
    "wandb's own": ("wandb_",),
}

TAIL = f"""
## Credentials

The first that is there is used: `PLUTO_API_KEY`; after the sunset `WANDB_API_KEY`, if what it holds begins like a
Pluto token (`mlpi_` or `mlps_`); the token that `pluto login` or `wandb-compat login` left in the keyring. Without any
of them the runs stay in the journal on disk, and `wandb-compat sync` sends them later. `wandb-compat doctor` tells
which one was found.

## A server of your own

Set {", ".join(f"`{name}`" for name in VARIABLES)}. A missing one is derived in two cases only: the others are one
host's standard ports ({", ".join(map(str, PORTS))}, in this order), or at least two are set and all to the same URL.
Otherwise nothing is sent and a sentence names the missing variable: a key never goes to the public cloud because one
was forgotten.
"""


def default(value: object) -> str:
    """Return a default as the table shows it."""
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def configuration() -> str:
    """Return the page of the settings."""
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


SUPPORTED = """# What is supported

In pluto mode, by name. *works* means: takes what wandb's takes and arrives as the table says. *not yet* means: can be
imported, and raises `NotImplementedError` naming itself when it is called.

This page is generated from the code by `python docs/generate.py`.
"""


def works(thing: Any) -> bool:
    """Whether a public name does what its name says."""
    from wandb import _absent

    if isinstance(thing, _absent.AbsentModule):
        return False
    if inspect.isclass(thing):
        return not issubclass(thing, _absent.Absent)
    return not (inspect.getdoc(thing) or "").startswith("Not available yet")


def in_pluto(thing: Any) -> str:
    """Return what the docstring of a name says of its form in Pluto."""
    found = re.search(r"^In Pluto: (.*?)(?:\n\n|\Z)", inspect.getdoc(thing) or "", re.MULTILINE | re.DOTALL)
    return " ".join(found[1].split()) if found else ""


def rows(names: Iterable[tuple[str, Any]]) -> str:
    """Return a table of names."""
    text = "| name | | in Pluto |\n|---|---|---|\n"
    for name, thing in names:
        text += f"| `{name}` | {'works' if works(thing) else 'not yet'} | {in_pluto(thing) if works(thing) else ''} |\n"
    return text


def supported() -> str:
    """Return the page of what works in pluto mode."""
    import wandb
    import wandb.plot
    import wandb.sklearn
    from wandb import _lazy, data_types
    from wandb.sdk.data_types.base_types.wb_value import WBValue

    def public(owner: Any) -> list[tuple[str, Any]]:
        return [(name, getattr(owner, name)) for name in sorted(dir(owner)) if not name.startswith("_")]

    kinds = {name: one for name, one in public(data_types) if inspect.isclass(one) and issubclass(one, WBValue)}
    methods = [(f"run.{name}", one) for name, one in public(wandb.Run) if inspect.isfunction(one)]
    plots = [(f"wandb.plot.{name}", one) for name, one in public(wandb.plot) if inspect.isfunction(one)]
    plots += [(f"wandb.sklearn.{name}", one) for name, one in public(wandb.sklearn) if name.startswith("plot_")]
    shown = {*kinds, *(name.partition(".")[2] for name, _ in methods)}
    names = sorted({*wandb.__all__, *_lazy.names()} - shown)
    others = [(f"wandb.{name}", one) for name in names if callable(one := getattr(wandb, name)) or not works(one)]
    return (
        SUPPORTED
        + "\n## Values for `log`\n\n"
        + PLAIN
        + rows((f"wandb.{name}", one) for name, one in kinds.items())
        + "\n## Runs\n\nEach is there as `wandb.NAME` too, where wandb has it.\n\n"
        + rows(methods)
        + "\n## Charts\n\n"
        + rows(plots)
        + "\n## Everything else\n\n"
        + rows(others)
    )


PLAIN = """| value | in Pluto |
|---|---|
| int, float, anything with one element and `.item()` | metric |
| bool | metric 0 or 1 |
| list, tuple or array of numbers | one number: metric; 2 to 8: metrics `key/0`, `key/1`…; more: histogram |
| dict | flattened with `.` |
| text | string series up to 200 characters; the latest value also in the summary, whatever its length |
| None | left out |
| PIL image, matplotlib figure | image |
| plotly and bokeh figures | file in JSON, which the library reads back |
| list of media | one sample each, in order |
| pandas DataFrame | table |

"""

PAGES: dict[str, Callable[[], str]] = {"configuration.md": configuration, "supported.md": supported}


if __name__ == "__main__":
    for file, make in PAGES.items():
        path = DOCS / file
        if "--check" not in sys.argv:
            path.write_text(make(), encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != make():
            sys.exit(f"docs/{file} is out of date: run `python docs/generate.py`")
