"""Artifacts and `save` give, offline, the digests, entries, return values and exceptions of the real wandb 0.31."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.helpers.environments import HELPERS, ROOT

# Where ours says more, or another sentence.
WORDS = {"new twice", "add text"}


def ask(python: Path | str, folder: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Return the answers of the wandb that a Python imports."""
    folder.mkdir()  # the same for both: paths go into the digests of references
    shutil.copy(HELPERS / "artifact_answers.py", folder)
    done = subprocess.run(
        [python, "artifact_answers.py", "answers.json"],
        cwd=folder,
        env={**environment, "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false", "WANDB_CONSOLE": "off"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    answers = dict(json.loads((folder / "answers.json").read_text()))
    shutil.rmtree(folder)
    return answers


def test_offline_everything_is_as_with_wandb(
    clean_environment: dict[str, str], tmp_path: Path, real_python: Path
) -> None:
    """Over a hundred questions, one by one: what is not equal is listed."""
    theirs = ask(real_python, tmp_path / "work", clean_environment)
    ours = ask(
        sys.executable,
        tmp_path / "work",
        {**clean_environment, "PYTHONPATH": str(ROOT), "DISABLE_WANDB_LOGGING": "true"},
    )
    assert len(theirs) > 100
    different = {
        case: (theirs[case], ours[case])
        for case in theirs
        if theirs[case] != ours[case] and not (case in WORDS and kind(theirs[case]) == kind(ours[case]))
    }
    assert different == {}


def kind(answer: Any) -> str:
    """Return the type of an exception that an answer tells of."""
    return str(answer).partition(":")[0]
