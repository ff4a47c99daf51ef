"""A server that is away, busy, slow or silent for a while: rows wait for it, and `finish` only as long as it should."""

from __future__ import annotations

import email.utils
import signal
import time
from pathlib import Path

import pytest

from tests.helpers.fault_proxy import FaultProxy
from tests.helpers.server_state import Server
from tests.helpers.training import COMPRESSED, ROWS, SCRIPT, Train, all_there, sync


def test_ten_minutes_away(train: Train, proxy: FaultProxy, server: Server, project: str) -> None:
    """Away for ten minutes in the middle, with time running a hundred times as fast for the uploader's waits."""
    training = train(PYTHONPATH=COMPRESSED)
    training.wait_for_output("pause")
    proxy.shut()
    training.go()
    training.wait_for_output("pause")
    time.sleep(6)
    proxy.open()
    assert training.end().count("cannot be reached") == 1
    all_there(server, project)


def test_away_at_the_end(
    train: Train, proxy: FaultProxy, server: Server, project: str, environment: dict[str, str]
) -> None:
    """No server listens any more when the script ends: it says where its rows are, and `sync` brings them."""
    training = train()
    training.wait_for_output("pause")
    proxy.shut()
    output = training.end()
    assert "are not on the Pluto server yet" in output and "wandb-compat sync" in output
    sync(training, environment)
    all_there(server, project)
    sync(training, environment)  # again, and nothing changes
    all_there(server, project)


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after(train: Train, proxy: FaultProxy, server: Server, project: str, as_date: bool) -> None:
    """429 with Retry-After, in seconds or as a date: no request is sent before that, and then everything goes."""
    training = train(WANDB_COMPAT_LINGER="60")  # `finish` waits for a busy server for 3 s only
    training.wait_for_output("pause")
    proxy.where, proxy.fault = "ingest/metrics", "429"
    moment = int(time.time()) + 6  # a date has whole seconds only
    due = time.monotonic() + moment - time.time()
    proxy.headers = {"Retry-After": email.utils.formatdate(moment, usegmt=True) if as_date else "3"}
    training.go()
    training.wait_for_output("pause")
    proxy.hit(1)
    proxy.fault = None
    training.end()
    all_there(server, project)
    calls = [call for call in proxy.calls if "ingest/metrics" in call.path]
    refused = next(index for index, call in enumerate(calls) if call.fault == "429")
    assert calls[refused + 1].time >= (due if as_date else calls[refused].time + 3) - 0.1


def test_finish_waits_for_a_busy_server(train: Train, proxy: FaultProxy, server: Server, project: str) -> None:
    """Busy for longer than `finish` waits for a server that is away, but by its own word not for long: it waits."""
    training = train()
    training.wait_for_output("pause")
    proxy.where, proxy.fault, proxy.headers = "ingest/metrics", "429", {"Retry-After": "5"}
    training.go()
    proxy.hit(1)
    proxy.fault = None
    assert "Pluto took every row of the run" in training.end()
    all_there(server, project)


def test_a_route_that_hangs_holds_up_no_other(train: Train, proxy: FaultProxy, server: Server, project: str) -> None:
    """While series wait for an answer, metrics, keys and the rest arrive within the time of that one try."""
    training = train()
    training.wait_for_output("pause")
    proxy.where, proxy.fault = "ingest/data", "hang"
    training.go()
    training.wait_for_output("pause")
    proxy.hit(1)
    run = server.run(project)
    deadline = time.monotonic() + 25  # of 30 s that the call may take
    while len(server.metrics(project, run["id"], "loss")) < ROWS // 2:
        assert time.monotonic() < deadline, "metrics have waited for series"
        time.sleep(0.05)
    hung = [call for call in proxy.calls if call.fault == "hang"]
    assert len(hung) == 1
    proxy.fault = None
    training.end()
    all_there(server, project)


def test_slow(train: Train, proxy: FaultProxy, server: Server, project: str) -> None:
    """1 kB/s both ways: everything arrives once, if later."""
    training = train(SCRIPT.replace(f"range({ROWS})", "range(100)"), WANDB_COMPAT_FINISH_BUDGET="120")
    training.wait_for_output("pause")
    proxy.fault = "slow"
    training.end(240)
    assert proxy.met("slow") >= 2
    all_there(server, project, 100)


def test_hanging_at_the_end(
    train: Train, proxy: FaultProxy, server: Server, project: str, environment: dict[str, str]
) -> None:
    """A server that takes connections and says nothing: `finish` says so after ten seconds, and waits no longer."""
    training = train(WANDB_COMPAT_FINISH_BUDGET="600")
    training.wait_for_output("pause")
    proxy.fault = "hang"
    output = training.end(300)  # half of the budget
    assert "has not answered for 10 s" in output and "are not on the Pluto server yet" in output
    proxy.fault = None
    sync(training, environment)
    all_there(server, project)


WAITING = str(Path(__file__).parents[2] / "helpers" / "startup" / "long_waits")


@pytest.mark.parametrize("how", ["finish", "end of the script", "SIGTERM", "SIGKILL"])
def test_the_end_wakes_the_uploader(train: Train, proxy: FaultProxy, server: Server, project: str, how: str) -> None:
    """Every lane waits for minutes after a failure, and the server is back: the end of the run ends these pauses."""
    training = train(SCRIPT if how == "finish" else SCRIPT.replace("run.finish()", ""), PYTHONPATH=WAITING)
    training.wait_for_output("pause")
    proxy.passed("ingest/")
    proxy.fault = "500"
    training.go()
    training.wait_for_output("pause")
    for route in ("ingest/metrics", "ingest/data"):
        deadline = time.monotonic() + 30
        while not any(call.fault == "500" and route in call.path for call in proxy.calls):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    proxy.fault = None
    if how.startswith("SIG"):
        training.process.send_signal(getattr(signal, how))
        training.process.wait(60)
        run = server.ended(project, 30)
        assert run["status"] == ("TERMINATED" if how == "SIGTERM" else "FAILED")
        assert len(server.metrics(project, run["id"], "loss")) == ROWS // 2
    else:
        output = training.end()
        assert "Pluto took every row of the run" in output
        all_there(server, project)
