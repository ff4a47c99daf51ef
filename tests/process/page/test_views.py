"""The page in a real browser: each view shows what the runs logged, by mouse or keyboard; hostile names do nothing."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from typing import Any

import pytest

from tests.process.page.conftest import HOSTILE, run_numbers, until
from wandb_compat.server.serve import Running


def test_from_projects_to_a_run(visit: Any) -> None:
    """The front page lists projects, a click shows the runs and their charts, another one a run's charts."""
    page = visit("/")
    page.get_by_role("link", name="views").click()
    page.wait_for_selector(".chart canvas")
    assert page.locator(".run-row").count() == 2
    page.get_by_role("link", name="run-0").click()
    page.get_by_role("tab", name="Config").wait_for()
    page.wait_for_selector(".chart canvas")
    assert HOSTILE in page.locator("h1").inner_text()
    label = page.locator("[role=img][aria-label*='train/loss']").get_attribute("aria-label")
    assert re.search(r"last values: .* 0\.03", label)
    page.go_back()
    page.wait_for_selector(".run-row")


def test_compared_runs_are_drawn_together(visit: Any, served: Running) -> None:
    """Shown runs share charts; scale, smoothing, axis and zoom are in the address; what differs is marked."""
    page = visit("/o/local/projects/views")
    page.get_by_role("link", name="Compare 2").click()
    page.get_by_role("tab", name="Config").wait_for()
    page.wait_for_selector(".chart canvas")
    label = page.locator("[role=img][aria-label*='train/loss']").get_attribute("aria-label")
    assert "run-0" in label and "run-1" in label
    page.get_by_label("log y").check()
    page.get_by_label("Smoothing", exact=True).fill("0.9")
    page.get_by_label("Horizontal axis").select_option("train/epoch")
    until(page, "location.search.includes('x=train%2Fepoch') && location.search.includes('log=1')")
    page.wait_for_selector(".chart canvas")
    chart = page.locator("[role=img][aria-label*='train/loss']")
    chart.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".tooltip >> text=train/epoch")
    page.keyboard.press("+")
    until(page, "location.search.includes('zoom=')")
    page.get_by_role("button", name="Reset zoom").click()
    until(page, "!location.search.includes('zoom=')")
    page.get_by_role("tab", name="Config").click()
    page.get_by_label("only what differs").check()
    assert page.locator("tr.differs").count() == page.locator("tbody tr").count() == 1


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark", "viewport": {"width": 390, "height": 800}}])
def test_every_tab_shows_its_own(visit: Any, served: Running, options: dict[str, Any]) -> None:
    """Media, tables, series, console, artifacts, summary and alerts are there, on a desk and on a dark phone."""
    first = run_numbers(served, "views")[0]
    page = visit(f"/o/local/projects/views/{first}", **options)
    page.get_by_role("tab", name="Media").click()
    until(page, "[...document.querySelectorAll('.picture img')].some((one) => one.naturalWidth === 60)")
    page.wait_for_selector(".picture svg rect", state="attached")
    until(page, "document.querySelector('.picture canvas')?.width === 60")
    page.get_by_label("Step of pictures").fill("2")
    page.locator("figcaption", has_text="at 1000").wait_for()
    assert page.locator("audio").count() == 1
    frame = page.frame_locator("iframe").locator("#findings")
    assert frame.inner_text() == "still"
    page.get_by_role("button", name="Let its scripts run").click()
    page.frame_locator("iframe").get_by_text("moved").wait_for()
    page.get_by_role("tab", name="Tables").click()
    page.get_by_label("Find in words").fill("word 119")
    page.get_by_text("1 rows, page 1 of 1").wait_for()
    page.get_by_label("Find in words").fill("")
    page.get_by_text("120 rows, page 1 of 3").wait_for()
    page.get_by_role("button", name="id", exact=True).click()
    page.get_by_role("button", name="id ↑", exact=True).click()
    assert page.locator("section[aria-label=words] tbody tr").first.inner_text().startswith("119")
    page.wait_for_selector("canvas[aria-label*='Histograms of weights at 6 steps']")
    assert page.locator(".timeline button").count() == 2
    page.get_by_role("tab", name="Console").click()
    page.get_by_label("Find in the console").fill("line on")
    page.locator(".console mark", has_text="line on").wait_for()
    page.get_by_role("tab", name="Artifacts").click()
    page.get_by_role("button", name="Files of weights v0").click()
    link = page.get_by_role("link", name="notes.txt")
    assert page.request.get(served.url + link.get_attribute("href")).text() == "0"
    assert page.request.get(served.url + link.get_attribute("href").replace("signature=", "signature=0")).status == 403
    page.get_by_role("tab", name="Summary").click()
    page.locator("th", has_text="eval/score").wait_for()
    assert HOSTILE in page.locator("tr", has_text="verdict").inner_text()
    page.get_by_role("tab", name="Config").click()
    page.locator("td", has_text="adam").wait_for()
    page.get_by_role("button", name="1 alert").click()
    page.get_by_text("Too high").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_console_colours(visit: Any, served: Running) -> None:
    """ANSI colours of what pluto-ml and we sent are drawn, not printed; words are found across them."""

    def dyes(text: str) -> list[str]:
        look = "(piece) => [getComputedStyle(piece).color, getComputedStyle(piece).backgroundColor]"
        return page.locator(".console span", has_text=re.compile(f"^{text}$")).evaluate(look)  # type: ignore[no-any-return]

    (number,) = run_numbers(served, "theirs")
    page = visit(f"/o/local/projects/theirs/{number}?tab=console")
    assert dyes("red words")[0] == "rgb(255, 138, 128)"
    page = visit(f"/o/local/projects/views/{run_numbers(served, 'views')[0]}?tab=console")
    page.get_by_label("Find in the console").fill("Green and orange")
    until(page, "document.querySelectorAll('.console div').length === 1")
    assert dyes("orange ") == ["rgb(255, 135, 0)", "rgba(0, 0, 0, 0)"]
    assert dyes("words") == ["rgb(255, 135, 0)", "rgb(1, 2, 3)"]


def test_where_runs_were_forked(visit: Any, served: Running) -> None:
    """Trunk and branch lead to each other."""
    _, branch = run_numbers(served, "forks")
    page = visit(f"/o/local/projects/forks/{branch}?tab=about")
    page.get_by_text("at step 0 → branch").wait_for()
    page.get_by_role("link", name="trunk").click()
    page.get_by_role("tab", name="Overview").click()
    page.get_by_text("(from step 0)").wait_for()


def test_a_sum_of_several_runs(visit: Any, served: Running) -> None:
    """Compared runs stand beside each other with the last, lowest or highest value of each metric."""
    numbers = ",".join(map(str, run_numbers(served, "views")))
    page = visit(f"/o/local/projects/views/{numbers}?tab=summary")
    page.get_by_label("Value of each metric").select_option("max")
    row = page.locator("tr", has=page.locator("th", has_text=re.compile("^eval/score$")))
    until(page, "location.search.includes('value=max')")
    assert row.locator("td").all_inner_texts() == ["2,500", "2,500"]
    page.get_by_role("tab", name="Summary").focus()
    page.keyboard.press("ArrowLeft")
    page.locator("[role=tab][aria-selected=true]:focus", has_text="Config").wait_for()


def test_a_running_run_grows_on_the_page(
    visit: Any, served: Running, environment: dict[str, str], tmp_path: Any
) -> None:
    """What is logged while the page is open appears without a reload, with at most one request a second."""
    code = """
import sys, wandb
with wandb.init(project="live", name="growing") as run:
    run.log({"loss": 1}, step=0)
    for line in sys.stdin:
        run.log({"loss": float(line)})
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**environment, **served.environment()},
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    try:
        page = visit("/")
        page.get_by_role("link", name="live").click()
        page.get_by_role("tab", name="Table").click()
        page.get_by_label("Show growing").and_(page.get_by_role("checkbox")).focus()
        process.stdin.write("0.75\n")
        process.stdin.flush()
        page.locator("td", has_text="0.75").wait_for()
        assert page.evaluate("document.activeElement.ariaLabel") == "Show growing"  # the table was drawn anew
        page.get_by_role("rowheader").get_by_role("link", name="growing").click()
        page.get_by_role("tab", name="Config").wait_for()
        page.wait_for_selector(".chart canvas")
        asked: list[float] = []
        page.on("request", lambda request: asked.append(time.monotonic()))
        for value in (0.5, 0.25, 0.125):
            process.stdin.write(f"{value}\n")
            process.stdin.flush()
            page.wait_for_selector(
                f"[role=img][aria-label*='growing {value};'], [role=img][aria-label*='growing {value}.']"
            )
        assert page.locator(".state.RUNNING").count() == 1
        assert len(asked) <= asked[-1] - asked[0] + 2
    finally:
        process.stdin.close()
        assert process.wait(120) == 0
    page.wait_for_selector(".state.COMPLETED")
