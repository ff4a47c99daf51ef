"""A real browser on a real server that has runs made by our own client and by the unmodified `pluto-ml`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conftest import LEAKING
from wandb_compat.server import auth
from wandb_compat.server.serve import Running, running

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]
PATIENCE = 60_000  # milliseconds
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'

OURS = f"""
import math, sys
import numpy, wandb

HOSTILE = {HOSTILE!r}
for number in range(2):
    config = {{"lr": 0.1 * (number + 1), "optimizer": "adam", HOSTILE: HOSTILE}}
    tags = ["sweep:abc", "first" if number == 0 else "second", HOSTILE[:60]]
    with wandb.init(project="views", name=f"run-{{number}} {{HOSTILE}}", config=config, tags=tags) as run:
        for step in range(3000):
            row = {{"train/loss": math.exp(-step / 900) + 0.1 * number, "train/epoch": step / 100}}
            if step % 500 == 0:
                row["eval/score"] = float("nan") if step == 1000 else step
                row["phase"] = "warm" if step < 1000 else HOSTILE
                row["weights"] = wandb.Histogram(numpy.random.default_rng(step).normal(size=300))
                boxes = {{"minX": 0.2, "minY": 0.2, "maxX": 0.6, "maxY": 0.6}}
                pixels = numpy.full((40, 60, 3), step % 255, "uint8")
                mask = numpy.zeros((40, 60), "uint8")
                mask[5:20, 5:30] = 1
                row["pictures"] = wandb.Image(
                    pixels,
                    caption=f"at {{step}} {{HOSTILE}}",
                    boxes={{"guess": {{"box_data": [{{"position": boxes, "class_id": 1, "box_caption": HOSTILE}}],
                            "class_labels": {{1: "cat"}}}}}},
                    masks={{"truth": {{"mask_data": mask, "class_labels": {{1: "cat"}}}}}},
                )
            run.log(row)
        rows = [[index, f"word {{index}}", HOSTILE] for index in range(120)]
        run.log({{"words": wandb.Table(columns=["id", "text", HOSTILE], data=rows)}})
        run.log({{"beep": wandb.Audio(numpy.sin(numpy.arange(4000) / 9), sample_rate=8000)}})
        run.log({{"page": wandb.Html("<p id=findings>still</p><script>findings.textContent = 'moved'</script>")}})
        print("a line on the console", HOSTILE)
        print("\\x1b[32mgreen\\x1b[0m and \\x1b[38;5;208morange \\x1b[48;2;1;2;3mwords\\x1b[0m")
        artifact = wandb.Artifact("weights", "model")
        with artifact.new_file("notes.txt") as file:
            file.write(str(number))
        run.log_artifact(artifact)
        run.alert(f"Too high {{HOSTILE}}", "look", level="WARN")
        run.summary["verdict"] = HOSTILE
with wandb.init(project="forks", name="trunk") as trunk:
    trunk.log({{"loss": 2}})
    trunk.log({{"loss": 1}})
with wandb.init(project="forks", name="branch", fork_from=f"{{trunk.id}}?_step=0") as branch:
    branch.log({{"loss": 1.5}})
"""

THEIRS = """
import pluto

run = pluto.init(project="theirs", name="by pluto-ml", config={"lr": 1}, settings={"disable_system_metrics": True})
for step in range(20):
    run.log({"loss": 1 / (step + 1)})
print("\\x1b[31mred words\\x1b[0m plain words")
run.finish()
"""


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment without settings of Pluto or wandb, one home for all scripts."""
    import os

    home = tmp_path_factory.mktemp("home")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(LEAKING) and not k.lower().endswith("_proxy")}
    return {
        **kept,
        "HOME": str(home),
        "XDG_DATA_HOME": str(home),
        "PLUTO_DISABLE_TELEMETRY": "1",
        "PLUTO_DIR": str(home),
    }


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Iterator[Running]:
    """A server with runs of the projects `views` and `theirs`."""
    folder = tmp_path_factory.mktemp("page")
    with running(folder / "data") as server:
        for code in (OURS, THEIRS):
            done = subprocess.run(
                [sys.executable, "-c", code],
                env={**environment, **server.environment()},
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=240,
            )
            assert done.returncode == 0, done.stderr
        yield server


@pytest.fixture(scope="module")  # its event loop runs on as long as it is there, in the way of tests with their own
def browser() -> Iterator[object]:
    """Headless Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the page is tested with: pip install playwright")
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("there is no Chromium; on Debian: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: object, served: Running) -> Iterator[Callable[..., object]]:
    """Open an address, signed in by a one-time link; at the end nothing may have failed or run that must not."""
    contexts = []
    troubles: list[str] = []

    def open_page(path: str, **options: object) -> object:
        context = browser.new_context(**options)  # type: ignore[attr-defined]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda findings: troubles.append(findings.text) if _counts(findings) else None)
        page.goto(auth.sign_in_link(served.url, served.key, path))
        page.wait_for_selector("#live.on")
        return page

    yield open_page
    pages = [page for context in contexts for page in context.pages]
    hacked = [page.evaluate("window.hacked") for page in pages]
    troubles += [page.url for page in pages if "[object " in page.locator("body").inner_text()]
    for context in contexts:
        context.close()
    assert not any(hacked)
    assert troubles == []


def _counts(findings: Any) -> bool:
    """Return whether a word on the console is a trouble; what a sandbox is refused is as it should be."""
    return findings.type == "error" and "/blob/" not in findings.location["url"] and "/blob/" not in findings.text


def run_numbers(served: Running, project: str) -> list[int]:
    """Return the numbers of a project's runs, oldest first."""
    import requests

    headers = {"Authorization": f"Bearer {served.key}"}
    query = {"projectName": project, "sort": "createdAt"}
    found = requests.get(f"{served.url}/api/runs/list", params=query, headers=headers, timeout=30).json()["runs"]
    return [run["id"] for run in found]


def until(page: Any, expression: str) -> None:
    """Wait until an expression is true on a page; Playwright's own way is code from text, which the page forbids."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"never true: {expression}"
        time.sleep(0.05)
