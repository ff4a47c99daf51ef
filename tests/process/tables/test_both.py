"""One converter reads the tables and charts of the real wandb and ours."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.helpers.environments import HELPERS, ROOT


def _converted(python: str | Path, folder: Path, **changes: str) -> tuple[str, Any]:
    alone = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "PATH": "/usr/bin:/bin", "WANDB_SILENT": "true"}
    alone.update(NO_PROXY="127.0.0.1,localhost", PLUTO_DISABLE_TELEMETRY="1", WANDB_ERROR_REPORTING="false")
    done = subprocess.run(
        [python, HELPERS / "table_conversions.py"],
        cwd=folder,
        env={**alone, **changes},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    _, file, text = done.stdout.split(" ", 2)
    return file, json.loads(text)


def test_same_records(real_python: Path, tmp_path: Path) -> None:
    """The same values, made with the real wandb or with ours, come to the same records, charts and summary."""
    ours, records = _converted(sys.executable, tmp_path, PYTHONPATH=str(ROOT), DISABLE_WANDB_LOGGING="true")
    theirs, expected = _converted(real_python, tmp_path)
    assert ROOT in Path(ours).parents and ROOT / "wandb" not in Path(theirs).parents
    names = {name: (kind, made) for name, kind, made in records["records"]}
    assert names == {name: (kind, made) for name, kind, made in expected["records"]}
    assert records == expected
    assert {"table", "mixed", "mixed/picture", "join/table1", "Custom Chart Tables/series_table", "older"} <= set(names)
