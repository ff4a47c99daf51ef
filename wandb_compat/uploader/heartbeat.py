"""Sends heartbeats to the server and writes system metrics as ordinary rows."""

from __future__ import annotations

import threading
import time

from wandb_compat.spool import records
from wandb_compat.spool.journal import Journal
from wandb_compat.uploader.session import REAPED_AFTER, Session
from wandb_compat.uploader.system_metrics import Machine
from wandb_compat.wire.errors import WireError

STOP_TIMEOUT = 2.0  # seconds that the last heartbeat may take once the run is over


class Heartbeat(threading.Thread):
    """Sends a heartbeat and a sample every `interval` seconds until stopped; a heartbeat that fails is not repeated."""

    def __init__(self, session: Session, samples: Journal | None, interval: float) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._session = session
        self._client = session.new_client(report_silence=False)
        self._samples = samples
        self._interval = interval
        self._stopped = threading.Event()

    def run(self) -> None:
        """Send heartbeats until `stop`."""
        machine = Machine(str(self._session.run_dir)) if self._samples is not None else None
        known: set[str] = set()
        while not self._stopped.wait(self._interval):
            if machine is not None and self._samples is not None:
                try:
                    self._sample(machine, self._samples, known)
                except OSError:  # a full disk: the samples are worth least
                    pass
            self.beat()

    def _sample(self, machine: Machine, samples: Journal, known: set[str]) -> None:
        now = int(time.time() * 1000)
        values = machine.sample()
        if rank := self._session.start.rank:  # may be on another machine than rank 0
            values = {name.replace("sys/", f"sys/rank{rank}/", 1): value for name, value in values.items()}
        # Counted from the run's start, so that a restarted uploader overwrites no earlier sample.
        step = max(0, int((now - self._session.start.time) / 1000 / self._interval))
        fresh: list[records.Record] = [records.Key(name, "METRIC") for name in values if name not in known]
        known.update(values)
        samples.append([records.encode(one) for one in [*fresh, records.Row(now, step, values)]])

    def beat(self) -> None:
        """Send one heartbeat; its answer says whether the run was cancelled on the server."""
        if self._session.state.run is None:
            return
        try:
            status = self._client.heartbeat(self._session.run)
        except WireError:
            return
        session, now = self._session, time.time()
        # The server reaps a run without heartbeats (a laptop asleep, a paused process): `Session.reopen` undoes that.
        session.reaped |= status == "FAILED" or now - session.contact > REAPED_AFTER
        session.contact = now
        if status == "CANCELLED":
            session.update(cancelled=True)

    def stop(self) -> None:
        """End the thread and close its journal file, without waiting for an unanswered heartbeat."""
        self._stopped.set()
        self.join(STOP_TIMEOUT)
        if self._samples is not None:
            self._samples.close()
