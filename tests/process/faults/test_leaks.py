"""Many runs in one process and very long runs leave nothing behind: memory, threads, descriptors, children, disk."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.helpers.server_state import Script, Server
from tests.process.faults.conftest import ROUNDS

RUNS = {"offline": 40 if ROUNDS == 1 else 1000, "online": 10 if ROUNDS == 1 else 1000}
ROWS = 300_000 if ROUNDS == 1 else 20_000_000
SEGMENT = 1024**2  # bytes
GROWTH = 4096 * 1024  # bytes of memory by which a process may grow, as its heap is broken into pieces
GROWTH_A_RUN = 16 * 1024  # …and what a run may add to that


@pytest.mark.parametrize("mode", ["offline", "online"])
def test_many_runs_in_one_process(script: Script, server: Server, project: str, mode: str) -> None:
    """After any number of runs a process has the memory, objects, threads, descriptors and children that it had."""
    done = script(
        f"""
        import gc, json, threading, time
        import psutil, wandb

        process = psutil.Process()

        def children():
            alive = [one for one in process.children(recursive=True) if one.status() != psutil.STATUS_ZOMBIE]
            return len(alive)

        def look():
            # A thread of the last run may still end; uploaders stay until they saw that everything is stored.
            deadline = time.monotonic() + 60
            while (threading.active_count() > 1 or children()) and time.monotonic() < deadline:
                time.sleep(0.05)
            gc.collect()
            return {{
                "memory": process.memory_info().rss,
                "objects": len(gc.get_objects()),
                "threads": threading.active_count(),
                "descriptors": process.num_fds(),
                "children": children(),
            }}

        def runs(count):
            for number in range(count):
                with wandb.init(mode="{mode}", config={{"number": number}}) as run:
                    for step in range(50):
                        run.log({{"loss": step, "text": str(step), "plot": {{"inner": step}}}})
                    run.define_metric("loss", summary="min")
                    run.config.update({{"more": 1}})
                    run.summary["best"] = number
                    print("line", number)

        runs(5)
        before = look()
        runs({RUNS[mode]})
        print("FOUND", json.dumps([before, look()]))
        """,
        seconds=60 + 5 * RUNS[mode],
        WANDB_SILENT="true",
    )
    before, after = found(done.stdout)
    print(f"{RUNS[mode]} {mode} runs: {before} before, {after} after")
    memory = before.pop("memory"), after.pop("memory")
    assert memory[1] - memory[0] < GROWTH + GROWTH_A_RUN * RUNS[mode]
    assert after.pop("objects") - before.pop("objects") < 100
    assert after == before
    if mode == "online":
        ended = server.get("/api/runs/list", projectName=project)
        assert ended["total"] == RUNS[mode] + 5
        assert {run["status"] for run in ended["runs"]} == {"COMPLETED"}


def test_a_very_long_run(script: Script, server: Server, project: str) -> None:
    """Journal files are deleted as they are delivered, memory stays bounded, and every row arrives."""
    done = script(
        f"""
        import json, time
        from pathlib import Path
        import psutil, wandb
        from wandb_compat.spool import journal
        from wandb_compat.spool.status import State

        process = psutil.Process()
        run = wandb.init()
        home = Path(run.sync_dir)
        disk, memory, uploader, written = [], [], [], 0
        for step in range({ROWS}):
            run.log({{"loss": step, "accuracy": step / {ROWS}}})
            if step % 10_000 == 9_999:
                # A day's worth of rows in minutes: no faster than they can be taken, as in a day.
                while (waiting := step + 1 - (State.read(home) or State()).sent) > 200_000:
                    time.sleep(0.05)
                disk.append(sum(file.stat().st_size for file in home.rglob("*") if file.is_file()))
                memory.append(process.memory_info().rss)
                uploader += [child.memory_info().rss for child in process.children()]
        run.finish()
        deadline = time.monotonic() + 60  # the files go once what they hold was seen to be stored
        while (left := [file.name for file in journal.files(home)[1:]]) and time.monotonic() < deadline:
            time.sleep(0.2)
        print("FOUND", json.dumps([disk, memory, uploader, left]))
        """,
        seconds=120 + ROWS / 5_000,
        WANDB_COMPAT_SEGMENT_SIZE=str(SEGMENT),
        WANDB_COMPAT_FINISH_BUDGET="120",
    )
    disk, memory, uploader, left = found(done.stdout)
    print(f"disk {max(disk)}, trainer {memory[0]} to {max(memory)}, uploader {min(uploader)} to {max(uploader)} bytes")
    run = server.ended(project, 120)
    metrics = server.get("/api/runs/statistics", projectName=project, runId=run["id"])["metrics"]
    counts = {one["logName"]: (one["count"], one["last"]) for one in metrics}
    assert counts["loss"] == (ROWS, {"step": ROWS - 1, "value": ROWS - 1})
    assert counts["accuracy"][0] == ROWS
    # 200,000 rows that wait and as many again whose files go at the end of a round, the head, the uploader's notes.
    assert max(disk) < 2 * 200_000 * 150 + 8 * SEGMENT + ROWS
    assert max(memory) - memory[0] < 32 * 1024**2
    assert max(uploader) < 300 * 1024**2
    assert [name for name in left if name.startswith("rows-")] == [], "delivered files are left"


def found(printed: str) -> list[Any]:
    """Return what the script has found."""
    return list(json.loads(next(line for line in printed.splitlines() if line.startswith("FOUND "))[6:]))
