"""What is changed on the page: it shows there, in another open page and in the API; a deletion is undone."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.process.page.conftest import HOSTILE, run_numbers, until
from wandb_compat.server.serve import Running

SCRIPT = """
import wandb

for number in range(3):
    with wandb.init(project="edited", name=f"edit-{number}", group="seeds") as run:
        run.log({"loss": number})
"""
NOTES = f"""# Heading
**bold** and `code` {HOSTILE}

- [site](https://example.org) and [bad](javascript:window.hacked=1)
- ![picture](https://example.org/a.png)
"""


@pytest.fixture(scope="module")
def runs(served: Running, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """The numbers of the runs of the project `edited`."""
    settings = {**environment, **served.environment()}
    subprocess.run([sys.executable, "-c", SCRIPT], env=settings, cwd=tmp_path_factory.mktemp("edited"), check=True)
    return run_numbers(served, "edited")


def test_a_run_is_edited_and_other_pages_follow(visit: Any, runs: list[int]) -> None:
    """Name, tags, group, colour and Markdown notes; logged markup in the notes is text, and scripts are no links."""
    other = visit("/o/local/projects/edited")
    page = visit(f"/o/local/projects/edited/{runs[0]}")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("Name").fill(f"better {HOSTILE}")
    page.get_by_label("Tags").fill("good, best")
    page.get_by_label("Notes").fill(NOTES)
    page.get_by_role("button", name="Colour #d9486e").click()
    page.get_by_role("button", name="Save").click()
    page.locator("h1", has_text="better <img").wait_for()
    page.get_by_role("tab", name="Overview").click()
    page.locator(".markdown b", has_text="bold").wait_for()
    assert page.locator(".markdown a").evaluate_all("(links) => links.map((one) => one.href)") == [
        "https://example.org/",
        "https://example.org/a.png",
    ]
    assert HOSTILE in page.locator(".markdown").inner_text()
    row = other.locator(".run-row", has_text="better <img")
    row.wait_for()
    assert row.locator(".dot").evaluate("(dot) => dot.style.background") == "rgb(217, 72, 110)"


def test_runs_are_archived_and_deleted_together(visit: Any, served: Running, runs: list[int]) -> None:
    """Archived runs leave the list until they are asked for; deleted ones come back with Undo."""
    page = visit("/o/local/projects/edited?view=table")
    page.get_by_label(re.compile("^Show edit-1$")).and_(page.locator("input")).uncheck()
    page.get_by_role("button", name="Archive").click()
    until(page, "document.querySelectorAll('tbody tr').length === 1")
    page.get_by_role("button", name="2 archived").click()
    until(page, "document.querySelectorAll('tbody tr').length === 3")
    page.get_by_role("button", name="Unarchive").click()
    page.get_by_role("button", name="0 archived").wait_for()
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("Add tags").fill("together")
    page.get_by_role("button", name="Save").click()
    until(page, "[...document.querySelectorAll('td .tag')].filter((tag) => tag.innerText === 'together').length === 2")
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("2 runs deleted").wait_for()
    until(page, "document.querySelectorAll('tbody tr').length === 1")
    assert run_numbers(served, "edited") == [runs[1]]
    page.get_by_role("button", name="Undo").click()
    until(page, "document.querySelectorAll('tbody tr').length === 3")
    assert run_numbers(served, "edited") == runs


def test_a_running_run_is_stopped(visit: Any, served: Running, environment: dict[str, str], tmp_path: Path) -> None:
    """The script hears of it as Ctrl-C; until then the run cannot be deleted."""
    code = """
import time, wandb
with wandb.init(project="stopped", settings=wandb.Settings(x_stats_sampling_interval=1)) as run:
    run.log({"loss": 1})
    print("logged", flush=True)
    time.sleep(300)
"""
    settings = {**environment, **served.environment()}
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=settings, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        assert b"logged" in process.stdout.readline()
        until_listed = lambda: run_numbers(served, "stopped")  # noqa: E731
        page = visit("/")
        page.get_by_role("link", name="stopped").click()
        page.locator(".run-row a").first.click()
        page.get_by_role("button", name="Stop").wait_for()
        assert page.get_by_role("button", name="Delete").is_disabled()
        page.get_by_role("button", name="Stop").click()
        page.locator(".state.CANCELLED").wait_for()
        assert process.wait(120) != 0
        assert len(until_listed()) == 1
    finally:
        process.kill()
