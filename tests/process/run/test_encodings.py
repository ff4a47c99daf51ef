"""Every text file is opened with an encoding."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import wandb
with wandb.init(project="p", mode="offline", config={"a": 1}) as run:
    run.log({"x": 1, "table": wandb.Table(columns=["a"], data=[[1]]), "html": wandb.Html("<b>b</b>")})
    with open("notes.txt", "w", encoding="utf-8") as file:
        file.write("text")
    run.save("notes.txt")
    artifact = wandb.Artifact("name", "type")
    artifact.add_file("notes.txt")
    run.log_artifact(artifact)
"""


def test_no_encoding_warning(tmp_path: Path) -> None:
    """A run with tables, files and artifacts works where Python makes an error of a missing encoding."""
    line = [sys.executable, "-X", "warn_default_encoding", "-W", "error::EncodingWarning", "-c", SCRIPT]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "EncodingWarning" not in done.stderr
