"""Several processes log the same key to one run: every row has a step that no other row of that key has."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.process.faults.conftest import ROUNDS
from wandb_compat.spool import journal

FORKED_POOL = """
import multiprocessing, time
import wandb

def work(number):
    wandb.log({"score": number})
    time.sleep(0.005)

if __name__ == "__main__":
    run = wandb.init(mode="offline")
    run.log({"score": -1})
    with multiprocessing.get_context("fork").Pool(4) as pool:
        pool.map(work, range(20), chunksize=1)
    run.log({"score": 100})
    run.finish()
"""
SPAWNED = """
import multiprocessing, time
import wandb

def work(run, start):
    for number in range(start, start + 5):
        run.log({"score": number})
        time.sleep(0.005)

if __name__ == "__main__":
    run = wandb.init(mode="offline")
    run.log({"score": -1})
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=work, args=(run, start)) for start in (0, 5, 10, 15)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()
    run.log({"score": 100})
    run.finish()
"""
NESTED = """
import os, sys
import wandb
run = wandb.init(mode="offline")
run.log({"score": -1})
number = 0
for first in range(2):
    if (child := os.fork()) == 0:
        for second in range(2):
            if (grandchild := os.fork()) == 0:
                for value in range(5):
                    run.log({"score": 10 * first + 5 * second + value})
                os._exit(0)
            os.waitpid(grandchild, 0)
        os._exit(0)
    os.waitpid(child, 0)
run.log({"score": 100})
run.finish()
"""

MATRIX = """
import importlib.util, multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
import wandb

WORKERS, EACH = 2, 3

def work(run, start):
    for number in range(start, start + EACH):
        run.log({"score": number})

def processes(context, run, starts):
    workers = [context.Process(target=work, args=(run, start)) for start in starts]
    for worker in workers: worker.start()
    for worker in workers: worker.join()
    assert [worker.exitcode for worker in workers] == [0] * WORKERS

def pool(context, run, starts):
    with context.Pool(WORKERS) as workers:
        workers.starmap(work, [(run, start) for start in starts], chunksize=1)

def executor(context, run, starts):
    with ProcessPoolExecutor(WORKERS, mp_context=context) as workers:
        for _ in workers.map(work, [run] * WORKERS, starts): pass

def joblib(context, run, starts):
    from joblib import Parallel, delayed
    Parallel(n_jobs=WORKERS)(delayed(work)(run, start) for start in starts)

if __name__ == "__main__":
    run = wandb.init(mode="offline")
    start = 0
    ways = [(way, method) for way in WAYS for method in METHODS]
    if importlib.util.find_spec("joblib"): ways.append(("joblib", None))
    for way, method in ways:
        context = multiprocessing.get_context(method)
        globals()[way](context, run, [start + worker * EACH for worker in range(WORKERS)])
        start += WORKERS * EACH
        run.log({"score": start})
        start += 1
    print(start)
    run.finish()
"""
WAYS = ["processes", "pool", "executor"] if ROUNDS > 1 else ["executor"]


def rows(run_dir: Path) -> list[dict[str, Any]]:
    """Return the rows in the journal files of all processes."""
    return [
        json.loads(entry.document)
        for file in journal.files(run_dir)
        for piece, _ in journal.read(file)
        for entry in piece
        if entry.kind == b"row"
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
@pytest.mark.parametrize("script", [FORKED_POOL, SPAWNED, NESTED], ids=["pool", "spawned", "nested forks"])
def test_no_row_replaces_another(tmp_path: Path, script: str) -> None:
    """All 22 values of one key arrive, each at a different step."""
    (tmp_path / "train.py").write_text(textwrap.dedent(script))
    done = subprocess.run(
        [sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    (run_dir,) = (tmp_path / "wandb").glob("offline-run-*")
    found = rows(run_dir)
    assert sorted(row["data"]["score"] for row in found) == [-1, *range(20), 100]
    assert len({row["step"] for row in found}) == len(found)


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_every_way_to_start_workers_is_counted(tmp_path: Path) -> None:
    """Forked, spawned and served workers, of pools too, and their parent: each row is there once at its own step."""
    methods = ["fork", "spawn", "forkserver"]
    script = MATRIX.replace("WAYS", repr(WAYS)).replace("METHODS", repr(methods))
    (tmp_path / "train.py").write_text(script)
    done = subprocess.run([sys.executable, "train.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (run_dir,) = (tmp_path / "wandb").glob("offline-run-*")
    found = rows(run_dir)
    count = int(done.stdout.split()[-1])
    assert count >= 7 * len(WAYS) * len(methods)
    assert sorted(row["data"]["score"] for row in found) == list(range(count))
    assert len({row["step"] for row in found}) == count
