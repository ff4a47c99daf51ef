"""What an import of a data folder costs: `python -m bench.moving [RUNS] [ROWS] [FILES]`.

A data folder with so many runs, rows of two metrics in each, and files in all of them together, is imported to another
embedded server on the same machine; then again, when there is nothing to do.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from wandb_compat.server.params import Fields
from wandb_compat.server.serve import running
from wandb_compat.server.storage import ingest, runs
from wandb_compat.server.storage.blobs import content_path
from wandb_compat.server.storage.database import Store

START = 1_760_000_000_000  # ms since the epoch
LINES = 20_000  # rows that are stored at once
SIZE = 20_000  # bytes of a file


def fill(folder: Path, count: int, rows: int, files: int) -> None:
    """Make the data folder."""
    store = Store(folder)
    for number in range(1, count + 1):
        body = {"runName": f"run {number}", "projectName": "bench", "externalId": f"r{number}", "createdAt": START}
        made = runs.create(store, Fields(body), "")["runId"]
        for first in range(0, rows, LINES):
            lines = [
                json.dumps({"time": START + step, "step": step, "data": {"loss": math.sin(step), "acc": step / rows}})
                for step in range(first, min(rows, first + LINES))
            ]
            ingest.metrics(store, made, "\n".join(lines).encode(), "bench")
        with store.write() as connection:
            for index in range(files // count):
                key, name = f"page/{index}", f"page.{index}.html"
                path = content_path(store.files, made, key, name)
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(os.urandom(SIZE))
                connection.execute(
                    "INSERT INTO file (run, log_name, step, sample, name, type, size, time) VALUES (?,?,?,0,?,?,?,?)",
                    (made, key, index, name, "html", SIZE, START),
                )
        runs.update_status(store, Fields({"runId": made, "status": "COMPLETED", "statusUpdated": START}), "")
    store.close()


def call(folder: Path, source: Path, url: str, key: str) -> tuple[float, float, float, str]:
    """Import; return seconds, seconds of the processor, greatest memory in MB, and the last line that was printed."""
    arguments = [sys.executable, "-m", "wandb_compat", "import", str(source), "--to", url]
    output = folder / "output"
    began = time.perf_counter()
    process = os.posix_spawn(
        sys.executable,
        arguments,
        {**os.environ, "PLUTO_API_KEY": key, "WANDB_DIR": str(folder), "HOME": str(folder)},
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, str(output), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)],
    )
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - began
    lines = output.read_text().splitlines()
    assert status == 0, "\n".join(lines[-20:])
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, lines[-1]


def main(count: int = 100, rows: int = 10_000, files: int = 1000) -> None:
    """Measure and print."""
    folder = Path(tempfile.mkdtemp(prefix="bench-moving-"))
    try:
        fill(folder / "source", count, rows, files)
        print(f"{count} runs, {rows} rows of 2 metrics each, {files} files of {SIZE // 1000} kB in all;", end=" ")
        print(f"load {', '.join(f'{one:.1f}' for one in os.getloadavg())}")
        with running(folder / "target") as server:
            for name in ("first call", "second call"):
                seconds, cpu, memory, result = call(folder, folder / "source", server.url, server.key)
                rate = f"{count * rows / seconds:,.0f} rows/s" if name == "first call" else "nothing to do"
                print(f"{name}: {seconds:.1f} s, {cpu:.1f} s of processor, {rate}, {memory:.0f} MB at most: {result}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
