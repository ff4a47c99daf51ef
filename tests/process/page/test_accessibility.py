"""axe finds nothing to object to in any view of the page, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.process.page.conftest import run_numbers
from wandb_compat.server.serve import Running

AXE = Path(__file__).resolve().parents[3] / "page/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CHECK = """(tags) => axe.run(document, { runOnly: { type: "tag", values: tags } }).then(({ violations }) =>
    violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160))}`))"""

# Address below /o/local/projects/, what to wait for, and the name of a button that is clicked first.
VIEWS = {
    "charts": ("views", ".chart canvas", None),
    "groups": ("views?group=config.optimizer", ".group-row", None),
    "table": ("views?view=table", "tbody tr", None),
    "parallel coordinates": ("views?view=parallel", "svg.parallel path", None),
    "scatter": ("views?view=plots&px=config.lr", ".plot-over-runs circle", None),
    "bars": ("views?view=plots&plot=bar", ".bar-row", None),
    "boxes": ("views?view=plots&plot=box&px=config.lr", ".box", None),
    "histogram": ("views?view=plots&plot=histogram", ".bin", None),
    "columns": ("views?view=table", "dialog .choices", "Columns"),
    "one chart": ("views", "dialog canvas", "Enlarge train/loss"),
    "no match": ("views?search=nothing", ".sidebar .none", None),
    "a run": ("views/{first}", ".chart canvas", None),
}


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is installed by make check-page")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_objects_to_nothing(visit: Any, served: Running, scheme: str) -> None:
    """All views, the dialogs and the front page obey WCAG 2.2 AA as far as a program can tell."""
    page = visit("/", color_scheme=scheme, reduced_motion="reduce")
    first = run_numbers(served, "views")[0]
    found = {"projects": _objections(page)}
    for name, (path, mark, button) in VIEWS.items():
        page.goto(f"{served.url}/o/local/projects/{path.format(first=first)}")
        if button:
            page.get_by_role("button", name=button, exact=True).click()
        page.wait_for_selector(mark, state="attached")
        found[name] = _objections(page)
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    found["shortcuts"] = _objections(page)
    listed = [f"{name}: {one}" for name, objections in found.items() for one in objections]
    assert not listed, "\n".join(listed)


def _objections(page: Any) -> list[str]:
    page.evaluate(AXE.read_text())
    return page.evaluate(CHECK, RULES)  # type: ignore[no-any-return]
