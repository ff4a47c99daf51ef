"""A Pluto server that comes late or never answers: the run goes on, catches up, and ends in time."""

import threading
import time

from tests.helpers.fault_proxy import FaultProxy
from tests.process.dual.conftest import Stage

LATE = """
    import os, time
    import wandb
    run = wandb.init()
    run.log({"early": 1})
    open("begun", "w").close()
    until = time.monotonic() + 60
    while not os.path.exists("open") and time.monotonic() < until:
        time.sleep(0.1)
    run.log({"late": 1})
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with open(os.path.join(run.settings.sync_dir, "pluto", "journal", "uploader.json")) as file:
                if '"delivering"' in file.read():
                    break
        except OSError:
            pass
        time.sleep(0.1)
"""
MUTE = """
    import time
    import wandb
    run = wandb.init()
    for step in range(3):
        run.log({"a": step})
    began = time.monotonic()
    run.finish()
    print("took", time.monotonic() - began)
"""


def test_server_comes_late(stage: Stage, proxy: FaultProxy) -> None:
    """A server that is away for less than the patience is not mentioned, and gets all that was logged meanwhile."""
    proxy.shut()

    def open_late() -> None:
        deadline = time.monotonic() + 100
        while not (stage.folder / "begun").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(2)
        proxy.open()
        (stage.folder / "open").touch()

    opening = threading.Thread(target=open_late)
    opening.start()
    done = stage.run(LATE, **proxy.environment())
    opening.join()
    assert "WARNING" not in done.stderr
    assert done.stderr.count("Pluto took every row of the run") == 1
    assert stage.arrived("early") == {0: 1} and stage.arrived("late") == {1: 1}


def test_server_is_mute(stage: Stage, proxy: FaultProxy) -> None:
    """A server that accepts and never answers costs the end of a run no more than its budget, and one line."""
    proxy.fault = "hang"
    done = stage.run(MUTE, **proxy.environment())
    (took,) = [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("took")]
    assert took < 5 + 60  # the budget, and what wandb and a busy machine may take
    lines = [line for line in done.stderr.splitlines() if "Pluto" in line]
    assert len([line for line in lines if "not on the Pluto server yet" in line]) == 1
    assert len([line for line in lines if "WARNING" in line]) == 1
    assert [row["a"] for row in stage.recorded()] == [0, 1, 2]
    silent = stage.folder.with_name("silent")
    stage.folder = silent
    assert "Pluto" not in stage.run(MUTE, WANDB_SILENT="true", **proxy.environment()).stderr
