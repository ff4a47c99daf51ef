"""Outages of the Pluto server within a run: rows wait and arrive, and only a long one is mentioned."""

import threading

import pytest

from tests.helpers.fault_proxy import FaultProxy
from tests.process.dual.conftest import Stage
from wandb_compat.config.limits import DUAL_FINISH_BUDGET, OUTAGE_GRACE

OUTAGES = ("500", "lose", "hang", "429", "garbage")

REPEATED = """
    import os, time
    import wandb
    run = wandb.init()
    until = time.monotonic() + 150
    while not os.path.exists("over") and time.monotonic() < until:
        run.log({"a": 1, "text": "word"})
        time.sleep(0.05)
    run.finish()
"""
SILENCE = """
    import io, json, os, sys, time

    class Noting(io.StringIO):
        def write(self, text):
            if "has not answered" in text and "output" not in globals():
                globals()["output"] = time.time() - account()["since"]
            return super().write(text)

    def account():
        with open(os.path.join(run.settings.sync_dir, "pluto", "journal", "uploader.json")) as file:
            return json.load(file)

    sys.stderr = Noting()
    import wandb
    run = wandb.init()
    run.log({"a": 1})
    until = time.monotonic() + 90
    while "output" not in globals() and time.monotonic() < until:
        time.sleep(0.1)
    print("reported after", output)
"""
SHORT = """
    import wandb
    run = wandb.init(settings=wandb.Settings(x_disable_stats=True))
    run.log({"a": 1})
    run.finish()
"""


def test_outages_in_one_run(stage: Stage, proxy: FaultProxy) -> None:
    """A server that fails again and again, each time in another way, has every row in the end."""

    def trouble() -> None:
        for outage in OUTAGES:
            proxy.fault = outage
            proxy.hit()
            proxy.fault = None
            proxy.passed("metrics")
        (stage.folder / "over").touch()

    troubling = threading.Thread(target=trouble)
    troubling.start()
    stage.run(REPEATED, WANDB_COMPAT_FINISH_BUDGET="60", **proxy.environment())
    troubling.join()
    assert all(proxy.met(outage) for outage in OUTAGES)
    assert stage.arrived("a") == {row["_step"]: 1 for row in stage.recorded()}
    assert stage.server.run(stage.project)["status"] == "COMPLETED"


def test_patience(stage: Stage, proxy: FaultProxy) -> None:
    """A mute server is mentioned after 10 s."""
    proxy.fault = "hang"
    done = stage.run(SILENCE, WANDB_COMPAT_FINISH_BUDGET="1", **proxy.environment())
    (output,) = [float(line.split()[-1]) for line in done.stdout.splitlines() if line.startswith("reported after")]
    assert OUTAGE_GRACE <= output < OUTAGE_GRACE + 7


@pytest.mark.parametrize("rank", [{"RANK": "0"}, {}], ids=["rank", "alone"])
def test_budget_of_a_distributed_job(stage: Stage, proxy: FaultProxy, rank: dict[str, str]) -> None:
    """A rank waits longer at its end than a lone script for a server that is slow."""
    proxy.fault, proxy.where, proxy.delay = "late", "metrics", DUAL_FINISH_BUDGET + 1
    done = stage.run(SHORT, **rank, **proxy.environment())
    assert ("Pluto took every row of the run" in done.stderr) == bool(rank)
    assert ("not on the Pluto server yet" in done.stderr) != bool(rank)
