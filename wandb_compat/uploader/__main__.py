"""Entry of the uploader process: `python -m wandb_compat.uploader RUN_DIR`, key and configuration on standard input."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from wandb_compat.spool.journal import read_start
from wandb_compat.spool.status import State
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.uploader import recovery
from wandb_compat.uploader.trainer import Trainer
from wandb_compat.uploader.worker import Worker
from wandb_compat.wire.errors import EndpointError, NoRunFound, RunDirBusy


def main() -> int:
    """Work until the run is delivered or given up; return 0 unless another uploader should be started."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    run_dir = Path(sys.argv[1])
    line = _first_line()
    if not line:
        logging.info("the trainer has ended before it could pass on the key")
        return 0
    hello = json.loads(line)
    key, config = hello["key"], WorkerConfig(**hello["config"])
    if not key:
        trouble = hello.get("no_key") or "no Pluto key could be read; run `wandb-compat login` or set PLUTO_API_KEY"
        State(phase="left", trouble=trouble, permanent=True).write(run_dir)
        return 0
    if sys.argv[2:] == [recovery.OPTION]:
        recovery.upload_interrupted(run_dir, key, config)
        return 0
    message = _recover(run_dir, key, config)
    worker = Worker(run_dir, key, config, trainer=Trainer(hello["trainer"]), follow=True, recovery=message)
    threading.Thread(target=_listen, args=(worker.ring,), daemon=True).start()
    try:
        state = worker.run()
    except RunDirBusy as error:
        logging.info(error)
    except NoRunFound as error:  # the disk has not taken the run's first record yet
        logging.info(error)
        return 1
    except EndpointError as error:
        State(phase="left", trouble=str(error)).write(run_dir)
    else:
        logging.info("%s: %s rows sent, %s refused", state.phase, state.sent, state.refused)
    return 0


def _recover(run_dir: Path, key: str, config: WorkerConfig) -> str | None:
    """Upload interrupted runs; no failure of theirs may delay this one."""
    try:
        start = read_start(run_dir)
        return recovery.recover(run_dir, start, key, config) if config.adopt and start is not None else None
    except Exception:
        logging.exception("interrupted runs beside this one")
        return None


def _first_line() -> bytes:
    """Read the trainer's first line, and no byte more than it has sent so far."""
    line = b""
    while not line.endswith(b"\n") and (piece := os.read(0, 4096)):
        line += piece
    return line


def _listen(ring: Callable[[], object]) -> None:
    """Call `ring` for each byte that the trainer writes, and once more when its end of the pipe closes."""
    # Not through sys.stdin: a daemon thread that holds the lock of a stream aborts the interpreter at its end.
    while os.read(0, 4096):
        ring()
    ring()


if __name__ == "__main__":
    sys.exit(main())
