"""The project view in a real browser: runs and their charts are found, shown, grouped and ordered."""

from __future__ import annotations

from typing import Any

from tests.process.page.conftest import HOSTILE, until
from wandb_compat.server import auth
from wandb_compat.server.serve import Running

COUNT = "document.querySelectorAll({!r}).length === {}"


def _is(page: Any, selector: str, count: int) -> None:
    until(page, COUNT.format(selector, count))


def test_runs_are_searched(visit: Any) -> None:
    """Words, conditions on bare keys, fields and completion narrow the list; what cannot be used is explained."""
    page = visit("/o/local/projects/views")
    search = page.get_by_label("Search runs")
    for text, count in (
        ("run-1", 1),
        ("lr > 0.15", 1),
        ("train/loss < 0.1 run", 1),
        ("state = failed", 0),
        ("tag = first", 1),
        ("optimizer = adam", 2),
        ("adam", 2),  # a value of the config
        (HOSTILE[:20], 2),
    ):
        search.fill(text)
        _is(page, ".run-row", count)
    until(page, "location.search.includes('search=')")
    search.fill("lr > high")
    page.get_by_text("lr > needs a number, not high").wait_for()
    search.fill("optim")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert search.input_value() == "optimizer"
    page.keyboard.type(" = sgd")
    page.get_by_role("button", name="Clear the search").click()
    _is(page, ".run-row", 2)
    search.fill("run-1")
    _is(page, ".run-row", 1)
    page.reload()
    _is(page, ".run-row", 1)


def test_an_eye_shows_and_hides_a_run(visit: Any) -> None:
    """Hiding a run takes its line out of the charts; the others keep their colours; the address remembers it."""
    page = visit("/o/local/projects/views")
    page.wait_for_selector("[role=img][aria-label*='run-0'][aria-label*='run-1']")
    dots = "[...document.querySelectorAll('.run-row .dot')].map((one) => one.style.background)"
    colors = page.evaluate(dots)
    assert len(set(colors)) == 2
    page.get_by_role("button", name="Show run-1").first.click()
    until(page, "!document.querySelector('[role=img][aria-label*=\"run-1\"]')")
    page.wait_for_selector("[role=img][aria-label*='train/loss'][aria-label*='run-0']")
    assert page.evaluate(dots) == colors
    page.reload()
    page.wait_for_selector("[role=img][aria-label*='train/loss'][aria-label*='run-0']")
    assert page.locator("[role=img][aria-label*='run-1']").count() == 0
    page.get_by_label("Show runs").select_option("invert")
    page.wait_for_selector("[role=img][aria-label*='train/loss'][aria-label*='run-1']")
    page.get_by_label("Show runs").select_option("none")
    page.get_by_text("No run is shown").first.wait_for()
    page.get_by_label("Show runs").select_option("all")
    page.wait_for_selector("[role=img][aria-label*='run-0'][aria-label*='run-1']")


def test_keys_move_through_the_runs(visit: Any) -> None:
    """`j` and `k` walk, `x` hides, `/` searches, `?` explains, `o` opens."""
    page = visit("/o/local/projects/views")
    page.wait_for_selector(".chart canvas")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.wait_for_selector(".run-row.hovered >> text=run-0")
    page.keyboard.press("x")
    _is(page, ".run-row.off", 1)
    page.keyboard.press("k")
    page.wait_for_selector(".run-row.hovered >> text=run-1")
    page.keyboard.press("/")
    until(page, "document.activeElement.id === 'search-runs'")
    page.keyboard.type("?")
    assert page.get_by_role("dialog").count() == 0
    page.get_by_label("Search runs").fill("")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("Hide or show the run").wait_for()
    page.keyboard.press("Escape")
    _is(page, "dialog", 0)
    page.keyboard.press("o")
    page.get_by_role("tab", name="Config").wait_for()


def test_groups_are_drawn_as_one_line(visit: Any) -> None:
    """Grouped runs are one line with a band, and one row that folds; single runs come back."""
    page = visit("/o/local/projects/views")
    page.get_by_label("Group runs by").select_option("config.optimizer")
    page.wait_for_selector("[role=img][aria-label*='train/loss'][aria-label*='optimizer: adam (2)']")
    assert page.locator(".group-row").count() == 1
    page.get_by_label("Band of groups").select_option("range")
    until(page, "location.search.includes('spread=range')")
    page.locator(".group-row .fold").click()
    _is(page, ".run-row:not(.group-row)", 0)
    page.get_by_role("button", name="Do not group by optimizer").click()
    page.wait_for_selector("[role=img][aria-label*='run-0'][aria-label*='run-1']")
    page.go_back()
    page.wait_for_selector(".group-row")


def test_a_chart_has_a_tooltip_a_legend_and_settings(visit: Any, tmp_path: Any) -> None:
    """The tooltip sorts values and marks the nearest line; the legend hides and isolates; settings and downloads."""
    page = visit("/o/local/projects/views?on=&find=train/loss")
    panel = page.locator("section[aria-label='train/loss']")
    panel.locator("canvas").wait_for()
    over = panel.locator(".u-over").bounding_box()
    page.mouse.move(over["x"] + over["width"] * 0.9, over["y"] + over["height"] * 0.8)
    page.mouse.move(over["x"] + over["width"] * 0.9 + 1, over["y"] + over["height"] * 0.8)
    panel.locator(".tooltip .nearest").wait_for()
    values = [float(text) for text in panel.locator(".tooltip b").all_inner_texts()]
    assert len(values) == 2 and values == sorted(values, reverse=True)
    page.wait_for_selector(".run-row.hovered")
    page.mouse.move(5, 5)
    legend = panel.locator(".legend button")
    legend.first.click()
    until(page, "document.querySelectorAll('.legend [aria-pressed=false]').length === 1")
    legend.first.click()
    page.wait_for_timeout(600)  # longer than a double click
    legend.first.dblclick()
    until(
        page, "[...document.querySelectorAll('.legend button')].map((one) => one.ariaPressed).join() === 'true,false'"
    )
    panel.get_by_label("Menu of train/loss").click()
    panel.get_by_role("button", name="Settings").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title", exact=True).fill("Loss over epochs")
    dialog.get_by_label("X axis", exact=True).select_option("train/epoch")
    dialog.get_by_label("lowest").fill("0")
    page.keyboard.press("Escape")
    panel = page.locator("section[aria-label='Loss over epochs']")
    panel.locator("canvas").wait_for()
    page.reload()  # this browser remembers it
    panel.locator("canvas").wait_for()
    for kind, begin in (("CSV", b"run,train/epoch,"), ("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        panel.get_by_label("Menu of Loss").click()
        with page.expect_download() as download:
            panel.get_by_role("button", name=kind).click()
        download.value.save_as(tmp_path / kind)
        assert (tmp_path / kind).read_bytes().startswith(begin)
    page.get_by_label("Enlarge Loss").click()
    page.get_by_role("dialog").locator("canvas").wait_for()


def test_sections_fold_and_move(visit: Any) -> None:
    """Sections keep their order and what is folded."""
    page = visit("/o/local/projects/views")
    names = "[...document.querySelectorAll('.section')].map((one) => one.ariaLabel).join()"
    until(page, f"({names}) === 'Section eval,Section train'")
    page.get_by_role("button", name="Move train up").click()
    until(page, f"({names}) === 'Section train,Section eval'")
    page.locator(".section-name", has_text="eval").click()
    page.reload()
    until(page, f"({names}) === 'Section train,Section eval'")
    assert page.locator(".section-name[aria-expanded=true]").count() == 1
    page.locator(".section-head", has_text="eval").drag_to(page.locator(".section-head", has_text="train"))
    until(page, f"({names}) === 'Section eval,Section train'")


def test_the_table_is_sorted_and_has_columns(visit: Any) -> None:
    """A look at the same runs: config that differs and metrics first, sorted by a click, columns by choice."""
    page = visit("/o/local/projects/views")
    page.get_by_role("tab", name="Table").click()
    rows = page.locator("tbody tr")
    rows.first.wait_for()
    headings = [text.removesuffix(" ↓") for text in page.locator("thead th").all_inner_texts()]
    assert headings.index("lr") < headings.index("Created")
    assert "optimizer" not in headings  # the same in all runs
    assert "sweep:abc" not in page.locator("tbody").inner_text()  # a column of its own
    assert headings.index("Sweep") and "abc" in rows.first.inner_text()
    page.get_by_role("button", name="Columns", exact=True).click()
    page.get_by_label("Find a column").fill("train/epoch")
    page.get_by_label("summary.train/epoch").check()
    page.get_by_role("button", name="Show these").click()
    page.get_by_role("button", name="train/epoch").click()
    page.wait_for_selector("th[aria-sort=descending] >> text=train/epoch")
    assert "29.99" in rows.first.inner_text()
    page.get_by_role("button", name="lr", exact=True).click()
    page.get_by_role("button", name="lr ↓").click()
    until(page, "document.querySelector('tbody th').innerText.startsWith('run-0')")
    page.get_by_role("checkbox", name="Show run-0").uncheck()
    page.get_by_role("tab", name="Charts").click()
    page.wait_for_selector("[role=img][aria-label*='train/loss'][aria-label*='run-1']")
    assert page.locator("[role=img][aria-label*='run-0']").count() == 0
    page.go_back()
    rows.first.wait_for()


def test_parallel_coordinates_are_brushed(visit: Any) -> None:
    """The runs of a sweep are lines over their parameters; a range keeps some, which can be shown; Enter opens one."""
    page = visit("/o/local/projects/views?tag=sweep:abc&view=parallel")
    page.wait_for_selector("svg.parallel path", state="attached")
    assert page.locator("svg.parallel path").count() == 2
    assert {"0.1", "0.15", "0.2"} <= set(page.locator("svg.parallel text").all_text_contents())
    area = page.locator(".brush-area").first.bounding_box()
    middle = area["x"] + area["width"] / 2
    page.mouse.move(middle, area["y"] + 2)
    page.mouse.down()
    page.mouse.move(middle, area["y"] + area["height"] / 3)
    page.mouse.up()
    _is(page, "svg.parallel path.off", 1)
    page.get_by_role("button", name="Show these 1 in the charts").click()
    page.wait_for_selector("[role=img][aria-label*='train/loss'][aria-label*='run-1']")
    assert page.locator("[role=img][aria-label*='run-0']").count() == 0
    page.go_back()
    page.wait_for_selector("svg.parallel path", state="attached")
    page.locator("svg.parallel path").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("tab", name="Config").wait_for()


def test_plots_over_runs(visit: Any) -> None:
    """Scatter, bars, boxes and histogram of config and metrics, and what a metric depends on."""
    page = visit("/o/local/projects/views?px=config.lr&y=summary.train/loss")
    page.get_by_role("tab", name="Plots").click()
    _is(page, ".plot-over-runs circle", 2)
    assert "lr 0.2, train/loss 0." in page.locator("circle[aria-label*='run-1']").get_attribute("aria-label")
    page.get_by_role("button", name="Bars").click()
    _is(page, ".bar-row", 2)
    assert page.locator(".bar-row").first.inner_text().startswith("run-1")  # the largest first
    page.get_by_role("button", name="Boxes").click()
    page.get_by_label("x of the plot").select_option("config.lr")
    _is(page, ".box", 2)
    page.get_by_role("button", name="Histogram").click()
    page.wait_for_selector(".bin")
    page.get_by_role("button", name="Scatter").click()
    page.locator("circle[aria-label*='run-1']").press("Enter")
    page.get_by_role("tab", name="Config").wait_for()


def test_values_are_shown_as_difference_to_a_baseline(visit: Any) -> None:
    """`b` pins a run, whose values are then subtracted from all others."""
    page = visit("/o/local/projects/views?find=train/loss")
    page.wait_for_selector(".chart canvas")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("b")
    page.locator(".run-row", has_text="run-0").get_by_text("baseline").wait_for()
    over = page.locator(".u-over").bounding_box()
    page.mouse.move(over["x"] + 100, over["y"] + 100)
    page.mouse.move(over["x"] + 101, over["y"] + 100)
    until(page, "[...document.querySelectorAll('.tooltip b')].map((one) => one.innerText).join() === '0.1,0'")


def test_views_are_saved_by_name(visit: Any, served: Running) -> None:
    """A view keeps address and layout for every browser; its link opens it; one of a hostile name does nothing else."""
    page = visit("/o/local/projects/views?find=train&group=config.optimizer")
    page.get_by_role("button", name="train", exact=False).and_(page.locator(".section-name")).click()
    page.get_by_text("Views", exact=True).click()
    for name in ("mine", HOSTILE[:60]):
        page.get_by_label("Name of this view").fill(name)
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_role("button", name=name, exact=True).wait_for()
    other = visit("/o/local/projects/views")
    other.wait_for_selector(".chart canvas")
    other.get_by_text("Views", exact=True).click()
    other.get_by_role("button", name="mine", exact=True).click()
    other.wait_for_selector(".group-row")
    other.wait_for_selector(".section-name[aria-expanded=false] >> text=train")
    third = visit("/o/local/projects/views?saved=mine")
    third.wait_for_selector(".group-row")
    assert "find=train" in third.url and "saved" not in third.url
    page.get_by_role("button", name="Delete mine").click()
    page.get_by_text("Deleted mine").wait_for()
    fourth = visit("/o/local/projects/views?saved=mine")
    fourth.wait_for_selector(".chart canvas")


def test_what_is_not_there_is_a_page(browser: Any, served: Running) -> None:
    """Addresses of nothing, missing projects and missing runs say so, with a way back; data stays JSON."""
    context = browser.new_context()  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(auth.sign_in_link(served.url, served.key, "/"))
    for path, status, words in (
        ("/nosuch", 404, "no page at this address"),
        ("/o/local/nosuch", 404, "no page at this address"),
        ("/o/local/projects/nosuch", 200, "no project named 'nosuch'"),
        ("/o/local/projects/views/987654", 200, "Run not found"),
    ):
        answer = page.goto(served.url + path)
        page.get_by_text(words).wait_for()
        assert answer.status == status
        assert page.locator(".empty-state").get_by_role("link", name="All projects").count() == 1
    assert context.request.get(f"{served.url}/nosuch", headers={"Accept": "*/*"}).status == 401
    assert context.request.get(f"{served.url}/api/nosuch").json()["error"]
    other = browser.new_context().new_page()
    other.goto(f"{served.url}/nosuch")
    other.get_by_label("The server's key").wait_for()
    for one in browser.contexts:
        one.close()


def test_theme_and_density_are_remembered(visit: Any) -> None:
    """The page is dark or light as chosen, and rows are low or high."""
    page = visit("/o/local/projects/views")
    page.get_by_label("Settings of the page").click()
    page.get_by_label("Theme").select_option("dark")
    page.get_by_label("Density").select_option("compact")
    page.reload()
    page.wait_for_selector(".run-row")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 20, 25)"
    assert page.evaluate("document.querySelector('.run-list li').offsetHeight") == 26
