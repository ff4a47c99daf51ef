"""Reports to the server how a run ended, once everything of it is delivered."""

from __future__ import annotations

import glob
import logging
from pathlib import Path
from time import time as now
from typing import NamedTuple

from wandb_compat.run.distributed import Ranks
from wandb_compat.spool import journal
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.journal import read_start
from wandb_compat.spool.records import Exit
from wandb_compat.spool.status import State
from wandb_compat.uploader.backoff import Backoff
from wandb_compat.uploader.read_back import StoredRun
from wandb_compat.uploader.session import Session
from wandb_compat.wire.errors import Refused, WireError
from wandb_compat.wire.models import STATUS

log = logging.getLogger(__name__)


class Ending(NamedTuple):
    """How a run ended, and the reason that the server stores."""

    exit: Exit
    reason: dict[str, str]


class Closing:
    """Sends the final state of one run, and decides whether this process is the one to send it."""

    def __init__(self, run_dir: Path, session: Session, offsets: Offsets, ranks: Ranks | None, follow: bool) -> None:
        self._run_dir = run_dir
        self._session = session
        self._offsets = offsets
        self._ranks = ranks
        self._follow = follow
        self.backoff = Backoff()

    def close(self) -> bool:
        """Report how the run ended; return whether the server has taken it."""
        if not self.backoff.ready():
            return False
        session, ranks = self._session, self._ranks
        if ranks is not None and ranks.rank == 0 and ranks.others_at_work():
            session.update(phase="delivered")
            return False
        ending = self._ending()
        if not self._read_config_back() or (ending is not None and not self._send(ending)):
            return False
        self._offsets.close()
        session.update(phase="done", trouble=None, unverified=len(self._offsets.unstored()))
        if ranks is not None:
            ranks.leave(ending.exit if ending is not None and ranks.rank == 0 else None)
        return True

    def _read_config_back(self) -> bool:
        """Send again what the server has lost of the config; return whether it could be asked."""
        session = self._session
        try:
            lost = session.config.read_back()
        except Refused as error:
            log.error("the config cannot be read back: %s", error)
            return True
        except WireError as error:
            self.backoff.failed(getattr(error, "wait", None))
            session.mark_failing("close", error)
            return False
        for name in lost:
            log.error("the server does not keep %s of the config", name)
            self._offsets.refuse("run", f"config {name}".encode(), "sent several times, and not there when read back")
        session.update(refused=len(self._offsets.refused))
        return True

    def _send(self, ending: Ending) -> bool:
        exit, session = ending.exit, self._session
        reason = None if exit.state == "completed" else ending.reason
        try:
            session.reopen()
            session.client.set_status(session.run, STATUS.get(exit.state, STATUS["failed"]), exit.time, reason)
        except Refused as error:
            if error.status == 404 and self._is_gone():
                self.backoff.failed()
                session.mark_failing("close", Refused("the run is not on the Pluto server any more", 404))
                return False
            log.error("the final state %s was refused: %s", exit.state, error)
        except WireError as error:
            self.backoff.failed(getattr(error, "wait", None))
            session.mark_failing("close", error)
            return False
        return True

    def _is_gone(self) -> bool:
        """Whether the run was deleted on the server: then its rows have to be sent anew, to another one."""
        try:
            return not StoredRun(self._session.client, self._session.run, self._session.project).exists()
        except WireError:
            return False

    def _ending(self) -> Ending | None:
        """Return how the run ended, or None when another part, rank or writer of it has to report that."""
        session, ranks = self._session, self._ranks
        if not session.start.ends:
            return None
        if (later := self._later_part()) is not None:
            offsets = Offsets(later)
            return _ending_of(later, offsets) if offsets.closed else None
        own = _ending_of(self._run_dir, self._offsets)
        if ranks is None or ranks.rank == 0:
            return own
        if (first := ranks.ended()) is not None:
            return Ending(first, {"type": "Exit", "message": f"exit code {first.code} of rank 0"})
        return None if self._follow else own

    def _later_part(self) -> Path | None:
        """Return the directory of the last later part of the run beside this one that the server has, if any."""
        start, last = self._session.start, None
        time = start.time
        for head in self._run_dir.parent.glob(f"*run-*/{glob.escape(f'run-{start.id}.wandb')}"):
            state = State.read(head.parent)
            if state is None or state.run != self._session.run or head.parent == self._run_dir:
                continue
            if (other := read_start(head.parent)) is not None and other.time > time:
                last, time = head.parent, other.time
        return last


def _ending_of(run_dir: Path, offsets: Offsets) -> Ending:
    """Return how a part of a run ended; a trainer that ended without an exit record was killed."""
    if offsets.exit is not None:
        return Ending(offsets.exit, {"type": "Exit", "message": f"exit code {offsets.exit.code}"})
    time = int(max((file.stat().st_mtime for file in journal.files(run_dir)), default=now()) * 1000)
    return Ending(Exit(time, "failed", 1), {"type": "Killed", "message": "the process ended without finishing the run"})
