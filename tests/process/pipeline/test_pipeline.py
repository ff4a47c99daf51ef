"""What is given to the pipeline is on disk soon, in order, also from threads, forks and dying processes."""

import json
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

from wandb_compat.spool import journal


def written(home: Path, kind: str) -> list[Any]:
    """Return the documents of one kind in the journal of `home`, file after file."""
    entries = [entry for file in journal.files(home) for piece, _ in journal.read(file) for entry in piece]
    return [json.loads(entry.document) for entry in entries if entry.kind == kind.encode()]


def test_sigkill_spares_what_is_older_than_a_tenth_of_a_second(tmp_path: Path) -> None:
    """A killed process leaves every row on disk that it logged more than 100 ms before."""
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from wandb_compat.spool import records
        from wandb_compat.pipeline.pipeline import Pipeline
        from wandb_compat.config.settings import Settings
        from wandb_compat.spool.notifier import CallbackNotifier
        home = Path(sys.argv[1])
        pipeline = Pipeline(home, Settings(), notifier=CallbackNotifier(print), head=home / "run-x.wandb")
        pipeline.start(records.Start(time=1, project="p", id="x", name="n"), None, online=False)
        step = 0
        while True:
            pipeline.row({"a": step}, step, time.monotonic_ns() // 1_000_000)
            if step == 0:
                print("ready", flush=True)
            step += 1
            time.sleep(0.0005)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.5)
    killed = time.monotonic_ns() // 1_000_000
    process.send_signal(signal.SIGKILL)
    process.wait()
    rows = written(tmp_path, "row")
    assert [row["step"] for row in rows] == list(range(len(rows)))
    assert rows[-1]["time"] >= killed - 110  # 100 ms, and what passes between the clock and the signal
