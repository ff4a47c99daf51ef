"""One contender's turn, in a separate process: import, init, log, finish, each timed; prints one line of JSON.

`workload.py CONTENDER WHAT AMOUNT`. WHAT is what a call logs, or how the calls come:

- a number: so many scalars; `float`, `numpy`, `torch`: one scalar of that kind; `image`, `audio`, `table`
- `sustained`: ten scalars, as fast as possible for AMOUNT seconds instead of so many calls
- `steady`: ten scalars ten times a second for AMOUNT seconds, as a training script does
- `keys-N`: ten scalars a call of N keys in all; `threads-N`: ten scalars from N threads that share the calls
"""

import collections
import json
import os
import sys
import threading
import time
from pathlib import Path

from_clock = time.perf_counter
SHAPES = 1000  # rows that are made beforehand, and logged again and again


def start_of_wandb() -> tuple:
    """Return (log, finish, seconds of import, seconds of init) of `wandb`, ours or the real one."""
    began = from_clock()
    import wandb

    init, settings = wandb.init, wandb.Settings(console="off")  # ours is loaded at the first use of a name
    imported = from_clock()
    run = init(project="bench", config={"lr": 0.1}, settings=settings)
    return run.log, run.finish, imported - began, from_clock() - imported


def start_of_patched() -> tuple:
    """Return the same of the real wandb that pluto-ml has patched."""
    log, finish, *times = start_of_wandb()

    def finish_both() -> None:
        try:
            finish()
        except TypeError:  # it has ended its own run, and hands on an argument that wandb 0.31 does not take
            finish.__self__._wandb_run.finish()

    return log, finish_both, *times


def start_of_pluto() -> tuple:
    """Return the same of pluto-ml's own client."""
    began = from_clock()
    import pluto

    init = pluto.init  # loaded at the first use of a name where wandb-compat is installed
    imported = from_clock()
    op = init(project="bench", config={"lr": 0.1}, settings={"disable_console": True})
    return op.log, op.finish, imported - began, from_clock() - imported


def start_of_trackio() -> tuple:
    """Return the same of trackio."""
    began = from_clock()
    import trackio

    imported = from_clock()
    run = trackio.init(project="bench", config={"lr": 0.1}, embed=False)
    return run.log, trackio.finish, imported - began, from_clock() - imported


def start_of_append() -> tuple:
    """Return the same of what no logger can be faster than: a copy of the dict in a queue."""
    queue: collections.deque = collections.deque()
    return lambda row: queue.append(dict(row)), queue.clear, 0.0, 0.0


STARTS = {
    "pluto-ml": start_of_pluto,
    "pluto-ml patches wandb": start_of_patched,
    "trackio": start_of_trackio,
    "append": start_of_append,
}


def scalars(count: int, shapes: int) -> list:
    """Return rows of so many numbers."""
    return [{f"metric/{name}": (shape + name) / 7 for name in range(count)} for shape in range(shapes)]


def of_kind(kind: str) -> list:
    """Return rows of one number of a library."""
    if kind == "numpy":
        import numpy

        make = numpy.float32
    elif kind == "torch":
        import torch

        make = torch.tensor
    else:
        make = float
    return [{"metric/0": make(shape / 7)} for shape in range(SHAPES)]


def of_keys(count: int) -> list:
    """Return rows of ten numbers that have so many keys together."""
    width = min(10, count)
    return [
        {f"metric/{key}": (first + key) / 7 for key in range(first, min(first + width, count))}
        for first in range(0, count, width)
    ]


def media(kind: str, log: object) -> tuple:
    """Return (makes of raw data what a user logs and logs it, raw data): the caller waits for both."""
    import numpy

    import wandb

    rng = numpy.random.default_rng(0)
    if kind == "image":  # photographs of a kind: smooth, with noise
        smooth = numpy.add.outer(numpy.arange(512), numpy.arange(512))[:, :, None] // 5
        rows = [(smooth + rng.integers(0, 40, (512, 512, 3))).astype(numpy.uint8) for _ in range(20)]
        return lambda pixels: log({"image": wandb.Image(pixels)}), rows
    if kind == "audio":
        rows = [rng.normal(0, 0.1, 441_000).astype(numpy.float32) for _ in range(5)]
        return lambda sound: log({"audio": wandb.Audio(sound, sample_rate=44_100)}), rows
    rows = [[[number, number / 7, f"text {number}", number % 2 == 0, -number] for number in range(10_000)]]
    return lambda rows: log({"table": wandb.Table(columns=list("abcde"), data=rows)}), rows


def work_of(what: str, log: object) -> tuple:
    """Return (log, what it is given in turn)."""
    if what in ("image", "audio", "table"):
        return media(what, log)
    if what in ("float", "numpy", "torch"):
        return log, of_kind(what)
    if what.startswith("keys-"):
        return log, of_keys(int(what.removeprefix("keys-")))
    return log, scalars(int(what) if what.isdecimal() else 10, 100 if what == "1000" else SHAPES)


def call(log: object, rows: list, calls: int) -> list:
    """Call and return what each call took, in seconds."""
    spent = [0.0] * calls
    for index in range(calls):
        row = rows[index % len(rows)]
        began = from_clock()
        log(row)
        spent[index] = from_clock() - began
    return spent


def in_threads(log: object, rows: list, calls: int, count: int) -> list:
    """Do the same from several threads."""
    findings: list = []
    threads = [
        threading.Thread(target=lambda: findings.append(call(log, rows, calls // count)), name=f"caller-{index}")
        for index in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [one for spent in findings for one in spent]


def sustain(log: object, rows: list, seconds: float) -> list:
    """Call for so many seconds, and return what one call in a hundred took."""
    until, spent = from_clock() + seconds, []
    while from_clock() < until:
        spent += call(log, rows, 1)
        for row in rows[:99]:
            log(row)
    return spent


def steady(log: object, rows: list, seconds: float) -> list:
    """Call ten times a second for so many seconds, and return what each call took."""
    began, spent = from_clock(), []
    for index in range(int(seconds * 10)):
        spent += call(log, rows[index % len(rows) :], 1)
        time.sleep(max(0.0, began + (index + 1) / 10 - from_clock()))
    return spent


def resident(pid: str = "self") -> int:
    """Return the memory of a process, in bytes."""
    return int(Path("/proc", pid, "statm").read_text(encoding="utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def helpers() -> int:
    """Return the greatest memory that the processes which this one has started have had, in bytes."""
    peak = 0
    for children in Path("/proc/self/task").glob("*/children"):
        for pid in children.read_text().split():
            for line in Path("/proc", pid, "status").read_text(encoding="utf-8").splitlines():
                if line.startswith("VmHWM"):
                    peak = max(peak, int(line.split()[1]) * 1024)
    return peak


def journal() -> tuple:
    """Return (bytes, files) of the journal of this folder's run."""
    found = [*Path().glob("wandb/*run-*/run-*.wandb"), *Path().glob("wandb/*run-*/journal/rows-*.journal")]
    return sum(path.stat().st_size for path in found), len(found)


def main() -> None:
    """Take a turn."""
    contender, what, amount = sys.argv[1], sys.argv[2], float(sys.argv[3])
    log, finish, import_time, init_time = STARTS.get(contender, start_of_wandb)()
    log, rows = work_of(what, log)
    log(rows[0])  # the first row of a key does work that the others don't
    before = resident()
    began, cpu = from_clock(), time.process_time()
    if what == "sustained":
        spent = sustain(log, rows, amount)
        calls = len(spent) * 100
    elif what == "steady":
        spent = steady(log, rows, amount)
        calls = len(spent)
    else:
        calls = int(amount)
        count = int(what.removeprefix("threads-")) if what.startswith("threads-") else 0
        spent = in_threads(log, rows, calls, count) if count else call(log, rows, calls)
    grown, uploader = resident() - before, helpers()
    ended = from_clock()
    logging_cpu = time.process_time() - cpu
    finish()
    finished = from_clock()
    cpu = time.process_time() - cpu
    spent.sort()
    size, files = journal()
    result = {
        "p50": spent[len(spent) // 2],
        "p99": spent[int(len(spent) * 0.99)],
        "max": spent[-1],
        "mean": (ended - began) / calls,
        "cpu": cpu / calls,
        "share": logging_cpu / (ended - began),
        "init": init_time,
        "finish": finished - ended,
        "import": import_time,
        "calls": calls,
        "rate": calls / (finished - began),
        "grown": grown,
        "uploader": uploader,
        "journal": size / calls,
        "segments": files - 1,
    }
    print(json.dumps(result), file=sys.__stdout__)


if __name__ == "__main__":
    main()
