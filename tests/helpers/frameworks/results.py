"""Keeps the results of the frameworks' tests, and makes the table of the documentation from them."""

from __future__ import annotations

import json
from pathlib import Path

from filelock import FileLock

from tests.helpers.environments import ROOT
from tests.helpers.frameworks.table import FRAMEWORKS, QUICK, Framework

RESULTS = Path(__file__).with_name("results.json")


def note(framework: Framework, version: str, found: dict[str, list[str]]) -> None:
    """Keep the result of one row.

    Args:
        framework: the row.
        version: of the distribution, as it was installed.
        found: by setting, what has differed.
    """
    with FileLock(ROOT / ".cache" / "frameworks.lock"):
        kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
        kept[framework.script] = {
            "version": version,
            "settings": {setting: "same" if not lines else "differs" for setting, lines in found.items()},
        }
        kept = {one.script: kept[one.script] for one in FRAMEWORKS if one.script in kept}
        RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


HEAD = """# Frameworks

Each library is installed as its users install it and logs through its own, unmodified wandb integration: once with the
real wandb alone, offline, then in dual mode, then in pluto mode with no wandb installed. *same* means that Pluto has
what the real wandb has recorded: keys, steps, values, configuration, summary, tags, files and artifacts; of what each
execution does differently, such as times, the keys and steps. `make frameworks` runs all of them; those in italics run
with the other tests too.

This page is generated from the results by `python docs/generate.py`.

| framework | version | dual mode | pluto mode | |
|---|---|---|---|---|
"""

LAYOUTS = """
## How projects ask whether wandb is there

By `find_spec`, `importlib.metadata`, `RequirementCache`, `is_wandb_available` of transformers, accelerate and
diffusers, by attributes, or by trying to import it: in each mode the answer is yes. So it is after an editable install,
`pip install`, `uv pip install` or `uv run --with wandb-compat`, in a prefix such as conda's, with packages that cannot
be written to, and in a zip app that runs with an environment's Python.

Two limits. Where start-up files are not read (`python -S`, a folder made with `pip install --target`), put
`wandb-compat run --` before the command; `importlib.metadata` then knows `wandb` once it has been imported, not before.
And an application frozen by PyInstaller reads no start-up files and has no Python to run the uploader with: that is not
supported.
"""


def page() -> str:
    """Return the page of the frameworks, as they have been run last."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8"))
    text = HEAD
    for one in FRAMEWORKS:
        if (result := kept.get(one.script)) is None:
            continue
        title = f"*{one.title}*" if one.script in QUICK else one.title
        cells = [title, result["version"], *(result["settings"].get(name, "") for name in ("dual", "pluto")), one.note]
        text += f"| {' | '.join(cells)} |\n"
    if waiting := [one.title for one in FRAMEWORKS if one.script not in kept]:
        text += f"\nThere is a script, without a result so far: {', '.join(waiting)}.\n"
    return text + LAYOUTS
