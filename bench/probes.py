"""What verified delivery costs: requests and bytes with which an uploader asks what was stored, and the time of finish.

    python -m bench.probes [SECONDS] [ROUNDS]

A script logs ten rows a second, a text and a console line each second and a file every five, then nothing for half as
long, in front of an ingest service that stores every five seconds. The time of `finish` is compared with that in front
of a server that cannot be asked, in turns.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.helpers.forgetful_ingest import ForgetfulIngest
from wandb_compat.server.serve import Running, running

SCRIPT = """
import json, sys, time, wandb
busy, idle = float(sys.argv[1]), float(sys.argv[2])
run = wandb.init(project="probes", settings=wandb.Settings(x_disable_stats=True))
for step in range(int(busy * 10)):
    run.log({"loss": step / 7, "acc": step} | ({"word": str(step)} if step % 10 == 0 else {}))
    if step % 10 == 0:
        print("line", step)
    if step % 50 == 0:
        run.log({"page": wandb.Html(f"<p>{step}</p>")}, step=step)
    time.sleep(0.1)
print("busy", file=sys.stderr, flush=True)
time.sleep(idle)
print("idle", file=sys.stderr, flush=True)
began = time.perf_counter()
run.finish()
print(json.dumps(time.perf_counter() - began), file=open("finish", "w"))
"""
PROBES = ("/metrics/raw", "/runs/logs", "/runs/files", "/runs/details")


def measure(
    server: Running, folder: Path, busy: float, idle: float, *, verified: bool
) -> tuple[list[Counter[str]], float]:
    """Return the probes of the busy part, of the idle part and after the end, and the seconds of `finish`."""
    ingest = ForgetfulIngest(server.url, interval=5.0)
    ingest.without = None if verified else "metrics/raw"
    folder.mkdir()
    environment = {**os.environ, **server.environment(), **ingest.environment(), "HOME": str(folder)}
    command = [sys.executable, "-c", SCRIPT, str(busy), str(idle)]
    parts: list[Counter[str]] = []
    last: Counter[str] = Counter()
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as script:
        assert script.stderr is not None
        for line in script.stderr:
            if line.strip() in ("busy", "idle"):
                now = _probes(ingest)
                parts.append(now - last)
                last = now
    status = (folder / "wandb" / "latest-run").resolve() / "journal" / "uploader.json"
    deadline = time.monotonic() + 60
    while json.loads(status.read_text())["unverified"] and time.monotonic() < deadline:
        time.sleep(0.2)
    parts.append(_probes(ingest) - last)
    ingest.stop()
    return parts, float((folder / "finish").read_text())


def _probes(ingest: ForgetfulIngest) -> Counter[str]:
    asked = {call for call in ingest.calls if call.startswith("GET") and call.endswith(PROBES)}
    return Counter(requests=sum(ingest.calls[call] for call in asked), bytes=sum(ingest.bytes[call] for call in asked))


def main() -> None:
    """Measure and print."""
    busy = float(sys.argv[1]) if len(sys.argv) > 1 else 120.0
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    times: dict[bool, list[float]] = {True: [], False: []}
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "data") as server:
        parts, _ = measure(server, Path(folder) / "long", busy, busy / 2, verified=True)
        for name, part in zip(("busy", "idle", "after the end"), parts, strict=True):
            print(f"{name}: {part['requests']} probes, {part['bytes']} bytes", flush=True)
        for number in range(rounds):
            for verified in (True, False):
                home = Path(folder) / f"{number}-{verified}"
                times[verified].append(measure(server, home, 3.0, 0.0, verified=verified)[1])
    for verified, name in ((True, "verified"), (False, "not verified")):
        print(f"finish, {name}: {statistics.median(times[verified]):.2f} s of {rounds} runs")


if __name__ == "__main__":
    main()
