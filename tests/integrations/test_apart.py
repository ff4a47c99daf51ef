"""Libraries that are large or want other versions than the rest are tested in an environment of their own.

`make frameworks` does so; the environment is made once and kept in `.cache`.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from tests.frameworks.table import TORCH
from tests.swap.environments import ROOT, Environment, uv

THINGS = (
    *("catboost", "cohere", "diffusers", "dspy", "kfp", "lightning", "metaflow", "openai", "sacred", "transformers"),
    *(TORCH, "pytest", "setuptools<81"),
)
TESTS = Path(__file__).parent / "apart"


@pytest.mark.skipif(os.environ.get("WANDB_COMPAT_FRAMEWORKS") != "all", reason="make frameworks runs it")
def test_libraries_apart() -> None:
    """CatBoost, diffusers, DSPy, Lightning, transformers, Sacred, OpenAI, Metaflow and Kubeflow run for real."""
    mark = hashlib.sha256(repr((THINGS, sys.version_info[:2])).encode()).hexdigest()[:8]
    made = Environment(ROOT / ".cache" / "integrations" / mark, ROOT)
    made.folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{made.folder}.lock"):
        if not (made.folder / "ready").exists():
            made.create()
            uv("pip", "install", "--quiet", "--python", made.python, "--editable", f"{ROOT}[local]", *THINGS)
            (made.folder / "ready").touch()
    line = [made.python, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "--rootdir", ROOT, TESTS]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout, done.stdout
