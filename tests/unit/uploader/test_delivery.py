"""The lanes of the uploader."""

import threading
from pathlib import Path

from wandb_compat.spool import records
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.journal import Journal
from wandb_compat.uploader.delivery import Delivery
from wandb_compat.uploader.session import Session
from wandb_compat.wire.endpoints import resolve


def test_a_lane_does_nothing_before_the_run_is_open(tmp_path: Path) -> None:
    """The end of a script wakes all lanes: while the server is away, that does not hide why the run is not open."""
    start = records.Start(time=1, project="p", id="abc", name="n")
    run_journal = Journal(tmp_path, "abc", role="rows", segment_size=2**20, limit=2**30)
    run_journal.append([records.encode(start), records.encode(records.Row(1, 0, {"loss": 1.0}))])
    run_journal.close()
    before = set(threading.enumerate())
    session = Session(tmp_path, resolve(["http://127.0.0.1:9"] * 4), "key", start)
    delivery = Delivery(tmp_path, session, 1000, Offsets(tmp_path), lambda: None)
    lanes = set(threading.enumerate()) - before
    assert lanes
    delivery.retry_now()
    while any(lane.wake.is_set() for lane in delivery._others):  # each looks once
        threading.Event().wait(0.001)
    delivery.stop()
    for thread in lanes:
        thread.join(10)
    assert session.state.trouble is None
