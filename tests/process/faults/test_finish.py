"""The end of a run is complete whatever interrupts it: signals at random moments, odd values, a full disk."""

import json
import os
import random
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.process.faults.conftest import ROUNDS
from tests.process.faults.test_disk import small
from wandb_compat.spool import journal

__all__ = ["small"]

MOMENTS = 8 if ROUNDS == 1 else 100  # of each signal
ROWS = 300
SEED = int(os.environ.get("WANDB_COMPAT_SEED") or random.randrange(2**32))  # a failure names it
CHILDREN = """
import os, random, signal, sys, time
import wandb
seed, rounds, rows, kind = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
chance = random.Random(seed)
for number in range(rounds):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        run = wandb.init(mode="offline", id=f"r{number}", settings=wandb.Settings(console="wrap"))
        run.config.update({"lr": 0.1})
        for step in range(rows):
            run.log({"loss": step / 2})
        print("a line")
        os.write(writer, b"x")
        run.finish()
        sys.exit()
    os.read(reader, 1)
    time.sleep(chance.uniform(0, 0.06))
    os.kill(child, getattr(signal, kind))
    if number % 4 == 3:  # an impatient user, or a scheduler
        time.sleep(chance.uniform(0, 0.02))
        os.kill(child, getattr(signal, kind))
    os.waitpid(child, 0)
    os.close(reader), os.close(writer)
"""


def entries(run_dir: Path) -> list[tuple[str, Any]]:
    """Return kind and document of each record in the journal of a run."""
    return [
        (entry.kind.decode(), json.loads(entry.document))
        for file in journal.files(run_dir)
        for piece, _ in journal.read(file)
        for entry in piece
    ]


@pytest.mark.parametrize("kind", ["SIGINT", "SIGTERM"])
def test_signals_at_random_moments(tmp_path: Path, kind: str) -> None:
    """Each run that one or two signals interrupt in `finish` has all rows, one exit record, and a state that says so.

    Nothing is raised but KeyboardInterrupt.
    """
    command = [sys.executable, "-c", CHILDREN, str(SEED), str(MOMENTS), str(ROWS), kind]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stderr
    # Without those that were handled: `pathlib` raises and catches AttributeError.
    errors = re.sub(r"^.*\n\nDuring handling of the above exception", "", done.stderr, flags=re.MULTILINE)
    raised = set(re.findall(r"^(\w+(?:Error|Exception|Interrupt|Exit))\b", errors, re.MULTILINE))
    assert raised <= {"KeyboardInterrupt"}, f"seed {SEED}: {done.stderr[-3000:]}"
    for number in range(MOMENTS):
        (run_dir,) = (tmp_path / "wandb").glob(f"offline-run-*-r{number}")
        found = entries(run_dir)
        about = f"seed {SEED}, round {number}: {done.stderr[-3000:]}"
        assert {row["step"] for name, row in found if name == "row"} == set(range(ROWS)), about
        (state,) = {document["state"] for name, document in found if name == "exit"}
        assert state in ("completed", "terminated"), about


ODD = """
import sys
import wandb
class Hostile:
    def __str__(self): raise RuntimeError("no text")
    __repr__ = __float__ = __int__ = __len__ = __iter__ = __str__
deep = 1
for _ in range(400):
    deep = {"a": deep}
deep_list = 1
for _ in range(400):
    deep_list = [deep_list]
def config(run, value): run.config.update({"x": value})
def log(run, value): run.log({"x": value})
def summary(run, value): run.summary["x"] = value
for place in (config, log, summary):
    for name, value in (("dicts", deep), ("lists", deep_list), ("integer", 10**5000), ("hostile", Hostile())):
        run = wandb.init(mode="offline", id=f"{place.__name__}-{name}", reinit="create_new")
        run.log({"loss": 1})
        try:
            place(run, value)
        except TypeError:
            assert place is log, (place, name)  # a type that `log` refuses, as wandb does
        run.finish()
print("the model is saved")
"""


def test_odd_values(tmp_path: Path) -> None:
    """Values that no JSON holds raise nothing at the end, and the run is complete."""
    done = subprocess.run([sys.executable, "-c", ODD], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout[-19:]) == (0, "the model is saved\n"), done.stderr
    run_dirs = list((tmp_path / "wandb").glob("offline-run-*"))
    assert len(run_dirs) == 12
    for run_dir in run_dirs:
        found = entries(run_dir)
        assert [document["state"] for name, document in found if name == "exit"] == ["completed"], run_dir
        assert any(row["data"].get("loss") == 1 for name, row in found if name == "row"), run_dir


def test_an_error_in_one_step_does_not_keep_the_others(tmp_path: Path) -> None:
    """A step of the end that raises is a warning, and the exit record is written."""
    script = textwrap.dedent(
        """
        import wandb
        from wandb._native.run.files import RunFiles
        from wandb._native.run.summary import SummaryPublisher
        def broken(self): raise OSError(28, "No space left on device")
        run = wandb.init(mode="offline", id="x")
        run.log({"loss": 1})
        RunFiles.finish = SummaryPublisher.publish = broken
        with run:
            pass
        run.finish()
        print("the model is saved")
        """
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout) == (0, "the model is saved\n"), done.stderr
    assert "the files of the run are not sent: OSError" in done.stderr
    (run_dir,) = (tmp_path / "wandb").glob("offline-run-*-x")
    assert [document["state"] for name, document in entries(run_dir) if name == "exit"] == ["completed"]


def test_an_interrupted_end_is_completed_by_the_end_of_the_process(tmp_path: Path) -> None:
    """Where even the exit record was interrupted, the end of the process writes it."""
    script = textwrap.dedent(
        """
        import wandb
        from wandb_compat.pipeline.pipeline import Pipeline
        end = Pipeline.end
        def interrupted(self, exit):
            Pipeline.end = end
            raise KeyboardInterrupt
        run = wandb.init(mode="offline", id="x")
        run.log({"loss": 1})
        Pipeline.end = interrupted
        try:
            run.finish()
        except KeyboardInterrupt:
            print("interrupted")
        """
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr
    (run_dir,) = (tmp_path / "wandb").glob("offline-run-*-x")
    assert len([document for name, document in entries(run_dir) if name == "exit"]) == 1


FULL = """
import os, sys
import wandb
FORM = sys.argv[1]
run = wandb.init(id="x", settings=wandb.Settings(x_disable_stats=True))
returned = [run.log({"loss": step}) for step in range(500)]
run.save("train.txt")
print("a line")
with open("ballast", "wb", 0) as ballast:
    for size in (65536, 64, 1):
        try:
            while True: ballast.write(bytes(size))
        except OSError: pass
if FORM == "with":
    with run:
        returned += [run.log({"loss": step}) for step in range(500)]
else:
    returned += [run.log({"loss": step}) for step in range(500)]
    run.summary["best"] = 1
    run.config["last"] = 2
    if FORM == "finish":
        returned += [run.finish(), wandb.finish()]
print(len(returned), set(returned))
with open("../model.bin", "wb") as model:
    model.write(b"weights" * 1000)
print("the model is saved")
if FORM == "exit code": sys.exit(7)
"""


@pytest.mark.parametrize("form", ["finish", "with", "end of the script", "exit code"])
def test_a_disk_that_is_full_at_the_end(tmp_path: Path, small: Path, form: str) -> None:
    """Exit code, output, return values and the user's model file are as with wandb disabled."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "PLUTO_"))}

    def train(mode: str) -> tuple[int, str, bytes]:
        for name in ("model.bin", "work/ballast"):
            (tmp_path / name).unlink(missing_ok=True)
        (small / "train.txt").write_text("text")
        done = subprocess.run(
            [sys.executable, "-c", FULL, form],
            cwd=small,
            env={**environment, "WANDB_MODE": mode},
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, (tmp_path / "model.bin").read_bytes()

    expected = train("disabled")
    assert expected[0] == (7 if form == "exit code" else 0) and "the model is saved" in expected[1]
    assert train("offline") == expected
