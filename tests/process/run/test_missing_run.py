"""A child process that has not inherited the run of its parent gets an error that says why, and what to do."""

import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import multiprocessing
import wandb

def work():
    try:
        wandb.log({"loss": 1})
    except wandb.Error as error:
        print(error, flush=True)

if __name__ == "__main__":
    with wandb.init(project="p", mode="offline"):
        child = multiprocessing.get_context("METHOD").Process(target=work)
        child.start()
        child.join()
"""
HINT = "pass the run to it as an argument, or call wandb.attach(run_id) in it"


@pytest.mark.parametrize("method", [one for one in multiprocessing.get_all_start_methods() if one != "fork"])
def test_spawned_child_without_a_run(tmp_path: Path, method: str) -> None:
    """The error names the start method and the two ways to log to the parent's run."""
    script = tmp_path / "train.py"
    script.write_text(SCRIPT.replace("METHOD", method))
    line = [sys.executable, str(script)]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert "You must call wandb.init() before wandb.log(). This process was started by multiprocessing" in done.stdout
    assert f"the start method '{method}'" in done.stdout
    assert HINT in done.stdout


def test_other_processes_get_no_hint(tmp_path: Path) -> None:
    """A process that no other has started by multiprocessing gets the plain error."""
    code = "import multiprocessing, wandb\nwandb.log({'loss': 1})"
    line = [sys.executable, "-c", code]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stderr.strip().endswith("You must call wandb.init() before wandb.log()")
