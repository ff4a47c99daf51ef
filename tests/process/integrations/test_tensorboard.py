"""TensorBoard's event files: each step of each writer is a row, named as wandb names them."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.helpers.environments import ROOT
from tests.helpers.native_runs import recorded

pytest.importorskip("tensorboard")
pytestmark = pytest.mark.usefixtures("unpatched")


def test_writers_loaded_late_and_never_closed(tmp_path: Path) -> None:
    """A library imported after `init` is patched then, `init` imports none, and what is not flushed arrives."""
    script = """
        import sys, wandb
        run = wandb.init(mode="offline", sync_tensorboard=True)
        assert not {"torch", "tensorflow", "tensorboardX"} & set(sys.modules)
        from tensorboardX import SummaryWriter
        writer = SummaryWriter("logs")
        writer.add_scalar("loss", 2, 1)
        """
    pytest.importorskip("tensorboardX")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert recorded(tmp_path).rows() == [(0, {"loss": 2.0, "global_step": 1})]
