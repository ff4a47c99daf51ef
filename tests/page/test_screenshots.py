"""`make screenshots`: the pictures of the docs, remade."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.page.conftest import run_numbers, until
from wandb_compat.local.serve import Running

FOLDER = os.environ.get("WANDB_COMPAT_SCREENSHOTS")
VIEWS = {"table": ("", "tbody tr"), "compared": ("/{all}", ".chart canvas"), "media": ("/{first}?tab=media", ".picture")}


@pytest.mark.skipif(FOLDER is None, reason="make screenshots takes them")
@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_kept_as_a_picture(visit: Any, served: Running, name: str) -> None:
    """The view is drawn and kept."""
    address, mark = VIEWS[name]
    numbers = run_numbers(served, "pictures")
    path = address.format(all=",".join(map(str, numbers)), first=numbers[0])
    page = visit(f"/o/local/projects/pictures{path}", viewport={"width": 1200, "height": 760})
    page.wait_for_selector(mark)
    until(page, "document.fonts.status === 'loaded'")
    page.wait_for_timeout(1000)  # lines are drawn a frame after their canvas
    assert FOLDER is not None
    Path(FOLDER).mkdir(exist_ok=True)
    page.screenshot(path=Path(FOLDER) / f"page-{name}.png")
