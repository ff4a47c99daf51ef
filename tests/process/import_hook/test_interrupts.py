"""Ctrl-C at any moment of `import wandb` is a KeyboardInterrupt, and the next import is complete."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = """
import os, signal, sys, threading
def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
timer = threading.Timer(float(sys.argv[1]), interrupt)
try:
    timer.start()
    import wandb
    wandb.init
    timer.join()
    print("late")
except KeyboardInterrupt:
    print("interrupted")
import wandb
assert wandb.Run and wandb.Settings and callable(wandb.init)
print("complete")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends the process on Windows")
@pytest.mark.parametrize("part", range(8))
def test_interrupt_during_the_import(clean_environment: dict[str, str], tmp_path: Path, part: int) -> None:
    """No crash, and no module that fails at its next use, wherever in the import the signal arrives."""
    for number in range(4):
        delay = 0.03 + (4 * part + number) * 0.01
        line = [sys.executable, "-c", SCRIPT, str(delay)]
        done = subprocess.run(line, cwd=tmp_path, env=clean_environment, capture_output=True, text=True, timeout=120)
        assert done.returncode not in (-signal.SIGSEGV, -signal.SIGABRT), done.stderr
        assert done.stdout.split()[-1:] == ["complete"] or "KeyboardInterrupt" in done.stderr, done.stderr


def test_orjson_is_imported_in_one_place() -> None:
    """The training process imports orjson only where interrupts are postponed."""
    files = [file for file in (ROOT / "wandb_compat").rglob("*.py") if "server" not in file.parts]
    files += (ROOT / "wandb").rglob("*.py")
    found = [file.name for file in files if re.search(r"^ *import orjson", file.read_text(encoding="utf-8"), re.M)]
    assert found == ["safe_orjson.py"]
