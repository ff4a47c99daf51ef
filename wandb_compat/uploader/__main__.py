"""Entry of the uploader process: `python -m wandb_compat.uploader RUN_DIR`, key and configuration on standard input."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from pathlib import Path

from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.uploader import recovery
from wandb_compat.uploader.run_logs import RunLogs, current_run_dir
from wandb_compat.uploader.runs import Runs


def main() -> int:
    """Work until all runs are delivered or given up; return 0 unless another uploader should be started."""
    logging.basicConfig(level=logging.INFO, handlers=[RunLogs()])
    run_dir = Path(sys.argv[1])
    current_run_dir.set(run_dir)
    line, rest = _first_line()
    if not line:
        logging.info("the trainer has ended before it could pass on the key")
        return 0
    hello = json.loads(line)
    if sys.argv[2:] == [recovery.OPTION]:
        recovery.upload_interrupted(run_dir, hello["key"], WorkerConfig(**hello["config"]))
        return 0
    runs = Runs()
    runs.take(run_dir, hello)
    threading.Thread(target=runs.read, args=(0, rest), name="trainer", daemon=True).start()
    return runs.wait()


def _first_line() -> tuple[bytes, bytes]:
    """Return the trainer's first line, and what it has sent after that so far."""
    line = b""
    while b"\n" not in line and (piece := os.read(0, 4096)):
        line += piece
    first, _, rest = line.partition(b"\n")
    return first, rest


if __name__ == "__main__":
    sys.exit(main())
