"""This machine's own server: found, started, filled from disk, drawn in the terminal, stopped."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.helpers.offline_runs import Command

SCRIPT = """
import wandb
with wandb.init(project="home", name="one") as run:
    for i in range(50):
        run.log({"loss": i / 7})
"""


@pytest.fixture
def stopped(cli: Command) -> Iterator[None]:
    """Nothing goes on when the test ends."""
    yield
    cli("serve", "--stop")


def test_from_nothing_to_a_drawing(cli: Command, folder: Path, stopped: None) -> None:
    """The first run starts the server, the second finds it, folders are brought to it, and a plot shows what came."""
    (folder / "train.py").write_text(SCRIPT)
    train = ["run", "--local", "--", sys.executable, "train.py"]
    first, second = cli(*train), cli(*train)
    assert "just started" in first.stderr and "just started" not in second.stderr
    links = set(re.findall(r"http://127\.0\.0\.1:\d+/o/local/projects/home/\d", first.stderr + second.stderr))
    assert len(links) == 2
    (signin,) = re.findall(r"http://127\.0\.0\.1:\d+/signin\S+", second.stderr)
    assert requests.get(signin, timeout=30).url == signin.partition("/signin")[0] + "/"
    browser, opened = folder / "browser", folder / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o700)
    cli("serve", "--open", BROWSER=str(browser))
    assert requests.get(opened.read_text().strip(), timeout=30).url == signin.partition("/signin")[0] + "/"
    cli("run", "--", sys.executable, "train.py", WANDB_MODE="offline", WANDB_DIR=str(folder / "away"))
    assert "50 rows sent" in cli("import", "away").stdout
    assert cli("plot", "3").stdout.split() == ["loss"]
    shown = cli("plot", "HOM-3", "loss").stdout
    assert shown.startswith("loss\n") and "7 ┤" in shown and "49" in shown
    assert "no metric lost" in cli("plot", "3", "lost", code=1).stderr
    assert "Run not found: 'X-9'" in cli("plot", "X-9", code=1).stderr
    assert "has stopped" in cli("serve", "--stop").stdout
    assert "wandb-compat serve" in cli("plot", "3", code=1).stderr
    assert "No server" in cli("serve", "--stop").stdout


def test_an_export_of_pluto_migrate_is_loaded(cli: Command, folder: Path, stopped: None) -> None:
    """What pluto-ml's own exporter leaves is given to pluto-ml's own loader."""
    pytest.importorskip("pyarrow")
    home = folder / "export" / "team" / "moved" / "runs" / "abc"
    home.mkdir(parents=True)
    findings = {
        "run_id": "abc",
        "entity": "team",
        "project": "moved",
        "name": "old run",
        "config": {},
        "state": "finished",
    }
    (home / "run.json").write_text(json.dumps(findings))
    (home / "_export_complete.json").write_text("{}")
    assert "1 loaded, 0 skipped, 0 failed" in cli("import", "export").stdout
