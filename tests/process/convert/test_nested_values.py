"""Nested values of every kind are in configuration and summary as the real wandb records them."""

import os
import subprocess
import sysconfig
from pathlib import Path

from tests.helpers.environments import HELPERS, ROOT, clean_environ

EXAMPLES = 150


def test_configuration_and_summary_have_nested_values_as_wandb_records_them(real_python: Path, tmp_path: Path) -> None:
    """Hypothesis draws the values in a process of the real wandb, and prints the smallest that differs."""
    engine = tmp_path / "engine"  # the converter alone: its parent directory holds the native `wandb`
    engine.mkdir()
    (engine / "wandb_compat").symlink_to(ROOT / "wandb_compat")
    path = os.pathsep.join([sysconfig.get_path("purelib"), str(engine)])
    done = subprocess.run(
        [real_python, HELPERS / "nested_values.py", str(EXAMPLES)],
        cwd=tmp_path,
        env=clean_environ(tmp_path, PYTHONPATH=path, DISABLE_WANDB_LOGGING="true"),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "equal"), done.stdout + done.stderr
