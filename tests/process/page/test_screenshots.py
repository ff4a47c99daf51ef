"""`make screenshots`: the pictures of the docs, remade."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.process.page.conftest import run_numbers, until
from wandb_compat.server.serve import Running

FOLDER = os.environ.get("WANDB_COMPAT_SCREENSHOTS")
# What a person would log: two hundred lines of this make no better picture.
SCRIPT = """
import math
import numpy, wandb

draw = numpy.random.default_rng(0)
for number, (lr, optimizer) in enumerate([(0.1, "sgd"), (0.01, "adam"), (0.003, "adam"), (0.001, "lion")]):
    config = {"lr": lr, "optimizer": optimizer, "depth": 18 + 16 * (number % 3)}
    with wandb.init(project="pictures", name=f"resnet-{number}", config=config, tags=["sweep:first"]) as run:
        for step in range(4000):
            fall = math.exp(-step / (600 + 300 * number))
            row = {"train/loss": 2.3 * fall + 0.2 + 0.15 * draw.random(), "train/accuracy": 0.95 - 0.8 * fall}
            if step % 200 == 0:
                row |= {"eval/loss": 2.3 * fall + 0.3, "eval/accuracy": 0.92 - 0.8 * fall}
                row |= {"eval/recall": 0.9 - 0.7 * fall, "lr": lr * 0.5 ** (step // 1000)}
            if step % 1000 == 800:
                grid = numpy.add.outer(numpy.arange(120), numpy.arange(180))[:, :, None] * numpy.array([1, 2, 3])
                box = {"position": {"minX": 0.2, "minY": 0.25, "maxX": 0.7, "maxY": 0.8}, "class_id": 1}
                boxes = {"guess": {"box_data": [{**box, "scores": {"p": 0.93}}], "class_labels": {1: "cat"}}}
                arrays = [(grid * k % 255).astype("uint8") for k in (1, 2)]
                row["samples"] = [wandb.Image(array, caption="a cat, perhaps", boxes=boxes) for array in arrays]
            run.log(row)
"""
VIEWS = {
    "workspace": ("", ".chart canvas"),
    "groups": ("?group=config.optimizer&smooth=0.6", ".group-row"),
    "table": ("?view=table", "tbody tr"),
    "sweep": ("?view=parallel", "svg.parallel path"),
    "plots": ("?view=plots&px=config.lr&plx=1", ".plot-over-runs circle"),
    "compared": ("/{all}", ".chart canvas"),
    "media": ("/{first}?tab=media", ".picture rect"),
    "dark": ("?find=eval", ".chart canvas"),
}


@pytest.mark.skipif(FOLDER is None, reason="make screenshots takes them")
@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_kept_as_a_picture(
    visit: Any, served: Running, environment: dict[str, str], tmp_path: Path, name: str
) -> None:
    """The view is drawn and kept."""
    if not run_numbers(served, "pictures"):
        settings = {**environment, **served.environment()}
        subprocess.run([sys.executable, "-c", SCRIPT], env=settings, cwd=tmp_path, check=True)
    address, mark = VIEWS[name]
    numbers = run_numbers(served, "pictures")
    path = address.format(all=",".join(map(str, numbers)), first=numbers[0])
    scheme = "dark" if name == "dark" else "light"
    page = visit(f"/o/local/projects/pictures{path}", viewport={"width": 1280, "height": 800}, color_scheme=scheme)
    page.wait_for_selector(mark, state="attached")
    until(page, "document.fonts.status === 'loaded'")
    page.wait_for_timeout(1000)  # lines are drawn a frame after their canvas
    assert FOLDER is not None
    Path(FOLDER).mkdir(exist_ok=True)
    page.screenshot(path=Path(FOLDER) / f"page-{name}.png")
