"""Libraries that are large or want other versions than the rest are tested in separate environments.

`make frameworks` does so; the environments are made once and kept in `.cache`.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
from filelock import FileLock
from PIL import Image

from tests.helpers.environments import ROOT, Environment, uv
from tests.helpers.frameworks.play import QUIET, environment
from tests.helpers.frameworks.table import TORCH
from tests.helpers.server_state import Server
from wandb_compat.server.serve import Running

THINGS = (
    *("catboost", "cohere", "diffusers", "dspy", "kfp", "lightning", "metaflow", "openai", "sacred", "transformers"),
    *(TORCH, "pytest", "setuptools<81"),
)
TESTS = Path(__file__).parent / "apart"
YOLO = """
from pathlib import Path
from ultralytics import YOLO, settings
from wandb.integration.yolov8 import add_callbacks

settings.update({"runs_dir": str(Path("runs").absolute())})
model = add_callbacks(YOLO("yolov8n.yaml"), project="squares", run_name="tiny", tags=["small"])
model.train(data="squares.yaml", epochs=2, imgsz=64, batch=2, workers=0, device="cpu")
"""

pytestmark = pytest.mark.skipif(os.environ.get("WANDB_COMPAT_FRAMEWORKS") != "all", reason="make frameworks runs it")


def test_libraries_apart() -> None:
    """CatBoost, diffusers, DSPy, Lightning, transformers, Sacred, OpenAI, Metaflow and Kubeflow run for real."""
    mark = hashlib.sha256(repr((THINGS, sys.version_info[:2])).encode()).hexdigest()[:8]
    made = Environment(ROOT / ".cache" / "integrations" / mark, ROOT)
    made.folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{made.folder}.lock"):
        if not (made.folder / "ready").exists():
            made.create()
            uv("pip", "install", "--quiet", "--python", made.python, "--editable", ROOT, *THINGS)
            (made.folder / "ready").touch()
    line = [made.python, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "--rootdir", ROOT, TESTS]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout, done.stdout


def test_yolov8(wheel: Path, pluto_server: Running, tmp_path: Path) -> None:
    """A detector is trained with the callbacks of the old name: losses, scores, settings and weights are in Pluto."""
    rng = numpy.random.default_rng(7)
    for part in ("train", "val"):
        images, labels = tmp_path / "images" / part, tmp_path / "labels" / part
        images.mkdir(parents=True)
        labels.mkdir(parents=True)
        for number in range(4):
            picture = rng.integers(0, 60, (64, 64, 3), dtype=numpy.uint8)
            x, y = rng.integers(10, 30, 2)
            picture[y : y + 24, x : x + 24] = 255
            Image.fromarray(picture).save(images / f"{number}.png")
            (labels / f"{number}.txt").write_text(f"0 {(x + 12) / 64} {(y + 12) / 64} 0.375 0.375\n")
    (tmp_path / "squares.yaml").write_text(f"path: {tmp_path}\ntrain: images/train\nval: images/val\nnames: [square]\n")
    made = environment("ultralytics", "pluto", wheel)
    made.run("-c", YOLO, cwd=tmp_path, seconds=900, **QUIET, **pluto_server.environment())
    server = Server(pluto_server.url, pluto_server.key)
    run = server.ended("squares")
    assert (run["name"], run["status"], run["config"]["imgsz"]) == ("tiny", "COMPLETED", 64)
    assert "small" in run["tags"]
    steps = {
        "train/box_loss": [1, 2],
        "lr/pg0": [1, 2],
        "metrics/mAP50(B)": [1, 2, 3],  # Ultralytics has the best weights scored once more at the end
        "metrics/recall(B)": [1, 2, 3],
    }
    for name, expected in steps.items():
        assert [row["step"] for row in server.metrics("squares", run["id"], name)] == expected, name
    files = server.get("/api/runs/files", projectName="squares", runId=run["id"])["files"]
    assert any(file["fileName"].endswith(".pt") for file in files), files
