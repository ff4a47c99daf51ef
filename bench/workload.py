"""One contender's turn, in a process of its own: import, init, log, finish, each timed; prints one line of JSON."""

import json
import sys
import time

from_clock = time.perf_counter


def contender_ours_or_wandb() -> tuple:
    """Return (log, finish, seconds of import, seconds of init) of `wandb`, ours or the real one."""
    began = from_clock()
    import wandb

    init, settings = wandb.init, wandb.Settings(console="off")  # ours is loaded at the first use of a name
    imported = from_clock()
    run = init(project="bench", config={"lr": 0.1}, settings=settings)
    return run.log, run.finish, imported - began, from_clock() - imported


def contender_pluto() -> tuple:
    """Return the same of pluto-ml's own client."""
    began = from_clock()
    import pluto

    imported = from_clock()
    op = pluto.init(project="bench", config={"lr": 0.1}, settings={"disable_console": True})
    return op.log, op.finish, imported - began, from_clock() - imported


def images(calls: int) -> list:
    """Return photographs of a kind: smooth, with noise."""
    import numpy

    rng = numpy.random.default_rng(0)
    smooth = numpy.add.outer(numpy.arange(512), numpy.arange(512))[:, :, None] // 5
    return [(smooth + rng.integers(0, 40, (512, 512, 3))).astype(numpy.uint8) for _ in range(calls)]


def log_image(log: object) -> object:
    """Return what makes a `wandb.Image` of an array and logs it, both of which the caller waits for."""
    import wandb

    return lambda pixels: log({"image": wandb.Image(pixels)})


def main() -> None:
    """Take a turn: `workload.py CONTENDER SCALARS CALLS`, or `workload.py CONTENDER images CALLS`."""
    contender, what, calls = sys.argv[1], sys.argv[2], int(sys.argv[3])
    start = contender_pluto if contender == "pluto-ml" else contender_ours_or_wandb
    log, finish, import_time, init_time = start()
    if what == "images":
        log, rows = log_image(log), images(calls)
    else:
        rows = [{f"metric/{name}": (call + name) / 7 for name in range(int(what))} for call in range(calls)]
    log(rows[0])  # the first row of a key does work that the others don't
    spent = [0.0] * (calls - 1)
    cpu = time.process_time()
    for call in range(1, calls):
        row = rows[call]
        began = from_clock()
        log(row)
        spent[call - 1] = from_clock() - began
    ended = from_clock()
    finish()
    finish_time = from_clock() - ended
    cpu = time.process_time() - cpu
    spent.sort()
    result = {
        "p50": spent[len(spent) // 2],
        "p99": spent[int(len(spent) * 0.99)],
        "max": spent[-1],
        "cpu": cpu / calls,
        "init": init_time,
        "finish": finish_time,
        "import": import_time,
    }
    print(json.dumps(result), file=sys.__stdout__)


if __name__ == "__main__":
    main()
