"""Writes the pages that are generated from the code; with `--check` only checks that they are up to date.

`configuration.md` comes from the settings model, `supported.md` from the docstrings of the native package.
"""

import sys
from collections.abc import Callable
from pathlib import Path

from pydantic_core import PydanticUndefined

from wandb_compat.config.settings import FIELDS, Settings
from wandb_compat.wire.endpoints import PORTS, VARIABLES

DOCS = Path(__file__).parent

HEAD = """# Configuration

Everything is set by environment variables. They are read at `wandb.init()`, so a script may set them before
that call; only the variables that choose the mode are read earlier, at the first use of a name of `wandb`. An
invalid value causes a warning, and the default is used: a typo never stops a training run.

This page is generated from the settings model by `python docs/generate.py`.
"""

SECTIONS = {
    "Modes": ("switch", "post_sunset"),
    "Pluto": ("pluto_",),
    "Bounds": ("finish_budget", "linger", "adopt", "journal_limit", "segment_size", "batch_size", "heartbeat"),
    "Privacy": ("keep_arguments",),
    "wandb's own": ("wandb_",),
}

TAIL = f"""
## Credentials

The first of these is used: `PLUTO_API_KEY`; when wandb logging is disabled, `WANDB_API_KEY`, if it holds a
Pluto token (`mlpi_…` or `mlps_…`); that of this machine's server, if `wandb-compat login --local` chose it; the key
that `wandb-compat login` or `pluto login` stored. Without any of them runs stay in the journal on disk, and
`wandb-compat sync` uploads them later. `wandb-compat doctor` shows which key was found.

`wandb-compat login` remembers the choice in `~/.config/wandb-compat/login.json` (`XDG_CONFIG_HOME`), readable for
you only, with the URLs of a self-hosted server (`--url`) and without a key. It is ignored when a `PLUTO_URL_…`
variable is set; the server of this machine is not used when a key is in the environment. At a terminal,
`wandb.init` asks the same question when nothing is configured. If the server of this machine was chosen and does
not run, `wandb.init` starts it, which takes a second or two.

## A server of your own

Set {", ".join(f"`{name}`" for name in VARIABLES)}. A missing one is inferred in two cases only: the others are
the standard ports of one host ({", ".join(map(str, PORTS))}, in this order), or at least two are set and all to
the same URL. Otherwise nothing is sent, and the error names the missing variable: a key never goes to the
public cloud because one was forgotten.
"""


def default(value: object) -> str:
    """Return a default value as Markdown."""
    if value is None or value is PydanticUndefined:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def configuration() -> str:
    """Return the page `configuration.md`."""
    names: dict[str, list[str]] = {}
    for variable, field in Settings.variables().items():
        names.setdefault(field, []).append(variable)
    text, left = HEAD, dict(names)
    for title, prefixes in SECTIONS.items():
        text += f"\n## {title}\n\n| variable | default | meaning |\n|---|---|---|\n"
        for field in [field for field in left if field.startswith(prefixes)]:
            info = FIELDS[field]
            variables = ", ".join(f"`{name}`" for name in left.pop(field))
            text += f"| {variables} | {default(info.default)} | {info.description} |\n"
    assert not left, f"no section shows {left}"
    return text + TAIL


SUPPORTED = """# What is supported

In pluto mode every public name of wandb 0.31 is there, and those of older releases that projects still use.
`wandb-compat doctor --api` prints these tables.

| level | |
|---|---|
{levels}

This page is generated from the code by `python docs/generate.py`.
"""


def supported() -> str:
    """Return the page `supported.md`."""
    from wandb._native import support_table
    from wandb._native.deliberate_differences import DIFFERENCES

    levels = "\n".join(f"| *{level}* | {meaning} |" for level, meaning in support_table.LEVELS.items())
    text = SUPPORTED.replace("{levels}", levels)
    for heading, rows in support_table.table().items():
        text += f"\n## {heading}\n\n" + BEFORE.get(heading, "") + "| name | level | in Pluto |\n|---|---|---|\n"
        for name, level, how in rows:
            text += f"| `{name}` | {level} | {how} |\n"
    text += DIFFERENT
    for one in DIFFERENCES:
        text += f"| {one.what} | {one.wandb} | {one.pluto} | {one.reason} |\n"
    return text


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

DIFFERENT = """
## Deliberate differences

Where a script sees something else in pluto mode than with wandb, on purpose. [Dual mode](dual-mode.md) has a list of
its own.

| what | with wandb | in pluto mode | why |
|---|---|---|---|
"""

BEFORE = {"Values for `log`": PLAIN, "Runs": "Each is there as `wandb.NAME` too, where wandb has it.\n\n"}


def frameworks() -> str:
    """Return the page `frameworks.md`, from the results of the tests."""
    sys.path.insert(0, str(DOCS.parent))
    from tests.helpers.frameworks.results import page

    return page()


PAGES: dict[str, Callable[[], str]] = {
    "configuration.md": configuration,
    "frameworks.md": frameworks,
    "supported.md": supported,
}


if __name__ == "__main__":
    for file, make in PAGES.items():
        path = DOCS / file
        if "--check" not in sys.argv:
            path.write_text(make(), encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != make():
            sys.exit(f"docs/{file} is out of date: run `python docs/generate.py`")
