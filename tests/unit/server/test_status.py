"""The life of a run: status rules, heartbeat, and the reaper of silent runs."""

from __future__ import annotations

from pathlib import Path

from wandb_compat.server.limits import Limits
from wandb_compat.server.params import Fields
from wandb_compat.server.storage import ingest, run_updates, runs
from wandb_compat.server.storage.database import Store


def test_silence_is_judged_by_receipt_and_never_before_the_server_was_up(tmp_path: Path) -> None:
    """The client's timestamps do not count, metrics count as activity, and downtime of the server does not."""
    now = [1_000_000.0]
    store = Store(tmp_path / "data", clock=lambda: now[0])
    bounds = Limits()
    fields = Fields({"runName": "r", "projectName": "p", "createdAt": 1, "updatedAt": 1})
    run = runs.create(store, fields, "")["runId"]
    now[0] += bounds.silence
    assert runs.fail_stale_runs(store, bounds, 0) == []
    now[0] += 1
    assert runs.fail_stale_runs(store, bounds, store.now()) == []
    assert runs.fail_stale_runs(store, bounds, 0) == [run]
    assert runs.fail_stale_runs(store, bounds, 0) == []
    store.close()


def test_only_heartbeats_keep_a_run_alive_that_sent_one(tmp_path: Path) -> None:
    """After 150 s without one the run is FAILED, and COMPLETED is ignored until it is resumed."""
    now = [1_000_000.0]
    store = Store(tmp_path / "data", clock=lambda: now[0])
    run = runs.create(store, Fields({"runName": "r", "projectName": "p"}), "")["runId"]
    run_updates.trigger(store, Fields({"runId": run}), "")
    now[0] += 140
    ingest.metrics(store, run, b'{"time": 1, "step": 1, "data": {"m": 1}}')
    now[0] += 11
    assert runs.fail_stale_runs(store, Limits(), 0) == [run]
    runs.update_status(store, Fields({"runId": run, "status": "COMPLETED"}), "")
    assert run_updates.trigger(store, Fields({"runId": run}), "")["status"] == "FAILED"
    runs.resume(store, Fields({"runId": run}), "")
    runs.update_status(store, Fields({"runId": run, "status": "COMPLETED"}), "")
    assert run_updates.trigger(store, Fields({"runId": run}), "")["status"] == "COMPLETED"
    store.close()
