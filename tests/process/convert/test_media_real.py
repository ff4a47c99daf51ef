"""One converter for both: the real wandb's objects come to the same records as ours."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.helpers.environments import HELPERS, ROOT, clean_environ

ZOO = HELPERS / "media_samples.py"


def converted(python: Path | str, home: Path, path: Path) -> Any:
    """Return what the zoo tells, with `path` as the only further place of packages."""
    home.mkdir()
    done = subprocess.run(
        [python, ZOO],
        cwd=home,
        env=clean_environ(home, PYTHONPATH=str(path), DISABLE_WANDB_LOGGING="true", WANDB_MODE="offline"),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_real_wandbs_media_become_the_same_records(real_python: Path, tmp_path: Path) -> None:
    """Pixels, samples, numbers, captions, boxes, masks, order and Pluto types are equal for every medium."""
    engine = tmp_path / "engine"  # the converter alone: its parent directory holds the native `wandb`
    engine.mkdir()
    (engine / "wandb_compat").symlink_to(ROOT / "wandb_compat")
    ours = converted(sys.executable, tmp_path / "ours", ROOT)
    theirs = converted(real_python, tmp_path / "theirs", engine)
    assert str(ROOT / "wandb") in ours["version"] and "site-packages" in theirs["version"]
    assert ours["kinds"] == theirs["kinds"]
    assert ours["records"].keys() == theirs["records"].keys()
    for key, found in ours["records"].items():
        assert found == theirs["records"][key], key
