"""The run on the server: created or resumed, and whether calls succeed; keeps the status file."""

from __future__ import annotations

import contextlib
import logging
import threading
from dataclasses import replace
from pathlib import Path
from time import time
from typing import Any

from wandb_compat.config.limits import CONNECT_PATIENCE
from wandb_compat.run import distributed, previous_run
from wandb_compat.spool.records import Start
from wandb_compat.spool.status import State
from wandb_compat.uploader.config_writer import ConfigWriter
from wandb_compat.wire import models
from wandb_compat.wire.client import Client
from wandb_compat.wire.endpoints import Endpoints
from wandb_compat.wire.errors import Refused, Unauthorized, Unavailable, WireError
from wandb_compat.wire.models import STATUS, Created
from wandb_compat.wire.names import old_project_name, project_name, stored_tags

log = logging.getLogger(__name__)

REAPED_AFTER = 120.0  # seconds without a heartbeat; after 150 the server takes a run for dead
_SILENCE = "silence"  # source of failures besides the parts of the uploader: a call that is not answered


class Session:
    """Creates or resumes the run on the server and keeps the status that others read."""

    def __init__(self, run_dir: Path, endpoints: Endpoints, key: str, start: Start) -> None:
        self.run_dir = run_dir
        self.start = start
        self._key = key
        self.client = Client(endpoints, key, self._silent)
        self._clients = [self.client]
        self._before = State.read(run_dir)  # the status of an uploader that has died, or of an earlier `sync`
        self.state = State(healed=self._before.healed if self._before is not None else {})
        self._other_tags: list[str] = []  # tags that the run had before, which the script did not set
        self.permanent_failure = False  # whether the last failure needs the user: a refused key or request
        self.contact = time()  # of the last heartbeat that was answered
        self.reaped = False  # whether the server may have taken the run for dead
        self._opened: dict[str, Any] = {}
        self.config = ConfigWriter(self.new_client(), self._alone)
        self._lock = threading.RLock()
        self._failing: dict[str, tuple[str, float | None]] = {}  # message, time that the server named
        # An earlier release may have created the run, under the name that it gave the project.
        is_old = self._before is not None and self._before.run is not None and self._before.project is None
        self._project = (old_project_name if is_old else project_name)(start.project)

    @property
    def run(self) -> int:
        """The server's number of the run; only once `open` has succeeded."""
        assert self.state.run is not None
        return self.state.run

    @property
    def project(self) -> str:
        """The project that the run is in."""
        return self._project

    def new_client(self, report_silence: bool = True) -> Client:
        """Return a client for another thread: a `requests` session must not be shared.

        Args:
            report_silence: whether the user is warned of a call that is not answered.
        """
        made = Client(self.client.endpoints, self._key, *([self._silent] if report_silence else []))
        self._clients.append(made)
        return made

    def close(self) -> None:
        """Close the connections of all clients: the process may go on with other runs."""
        for client in self._clients:
            client.close()

    @property
    def headers(self) -> dict[str, str]:
        """Headers that name the run to the ingest routes."""
        return {
            "X-Run-Id": str(self.run),
            "X-Run-Name": old_project_name(self.start.name),
            "X-Project-Name": self._project,
        }

    def open(self) -> int:
        """Create the run, or take up the one that the start record names; return its number on the server.

        Raises:
            WireError: it did not work this time.
        """
        start = self.start = replace(self.start, name=previous_run.latest_name(self.run_dir) or self.start.name)
        target = models.resume_body(start.target) if start.target else None
        if target is not None:
            created = self.client.resume(target)
        else:
            created = (
                self._forked() if start.fork else self.client.create(models.create_body(start, project=self._project))
            )
        self._project = created.project or self._project  # a run named by its number may be in another project
        resumed, restarted = created.resumed, self._before is not None and self._before.run == created.run
        if restarted:  # another uploader has been here before us
            resumed = bool(self._before and self._before.resumed)
        shared = resumed or start.rank is not None
        self.config.open(created.run, self._project, start.config, existing=created.resumed, shared=shared)
        if resumed and not restarted:
            self._join(created.run, target is not None)
        if resumed and start.rank is not None:
            resumed = not distributed.Ranks(start, self.run_dir).began(created.run)
        self._opened = {
            "project": self._project,
            "run": created.run,
            "display_id": created.display_id,
            "url": created.url,
            "resumed": resumed,
            "phase": "delivering",
        }
        return created.run

    def start_lanes(self) -> None:
        """Publish the run's number, which lets the lanes go."""
        self.update(**self._opened)

    def take_up(self, number: int | None) -> None:
        """Go on with what an earlier uploader knew of a run that it has closed, without a request.

        Args:
            number: the run's number, if the status of that uploader is gone.
        """
        before = self._before or State()
        self._project = before.project or self._project
        names = ("display_id", "url", "resumed", "verifiable")
        known = {name: getattr(before, name) for name in names}
        self.update(**known, run=before.run or number, project=self._project)

    @property
    def known_number(self) -> int | None:
        """The run's number in the status of an earlier uploader."""
        return self._before.run if self._before is not None else None

    def _forked(self) -> Created:
        """Create a run that is forked from another one; what it was configured with counts for this one too."""
        assert self.start.fork is not None
        run_id, step = self.start.fork
        parent = previous_run.number_of(self.client, self._project, run_id)
        if parent is None:
            raise Unavailable(
                f"run {run_id} of project {self._project}, to fork from at step {step}, does not exist yet"
            )
        inherited = previous_run.from_server_number(self.client, self._project, parent).values
        start = replace(self.start, config={**inherited, **self.start.config})  # as wandb, dicts are not merged
        try:
            return self.client.create(models.create_body(start, parent, self._project))
        except Refused as error:
            if not error.content:
                raise
            log.error("no fork of %s at step %s but a run without a parent: %s", run_id, step, error)
            return self.client.create(models.create_body(start, project=self._project))

    def _join(self, run: int, by_number: bool) -> None:
        """Add config and tags to a run that was there before: the server keeps its own tags, and by number all else."""
        if by_number and self.start.config:
            self.config.update(self.start.config)
        with self._alone():
            known = [str(tag) for tag in self.client.details(run, self._project).get("tags") or []]
            self._other_tags = [tag for tag in known if tag not in self.start.tags]
            if missing := [tag for tag in self.start.tags if tag not in known]:
                self.client.update_tags(run, stored_tags([*known, *missing]))

    def _alone(self) -> contextlib.AbstractContextManager[object]:
        """Keep the other ranks of this machine from changing what is read and then replaced as a whole."""
        return contextlib.nullcontext() if self.start.rank is None else distributed.alone(self.start)

    def reopen(self) -> None:
        """Take up a resumed run again that has been ended meanwhile, by a late report of an earlier part of it.

        A server lets only a worse state replace how a run has ended.

        Raises:
            WireError: it did not work this time.
        """
        reaped = self.reaped or time() - self.contact > REAPED_AFTER
        if not (self.state.resumed or reaped):
            return
        if self.client.details(self.run, self._project).get("status") in STATUS.values():
            self.client.resume({"runId": self.run})

    def all_tags(self, given: list[str]) -> list[str]:
        """Return tags as the server takes them, with those that the run had before."""
        return stored_tags([*[tag for tag in self._other_tags if tag not in given], *given])

    # The status file

    def update(self, **changes: Any) -> None:
        """Change the status, on disk too if a value is new."""
        with self._lock:
            changed = False
            for name, value in changes.items():
                changed |= getattr(self.state, name) != value
                setattr(self.state, name, value)
            if changed:
                self.state.write(self.run_dir)

    def mark_healthy(self, source: str) -> None:
        """Note that a call succeeded; `source` is the part of the uploader that made it."""
        with self._lock:
            self._failing.pop(source, None)
            self._failing.pop(_SILENCE, None)
            self.permanent_failure = False
            if self._failing:
                self.update(trouble=list(self._failing.values())[-1][0], due=self._due())
            else:
                self.update(phase="delivering", trouble=None, due=None, since=None, permanent=False)

    def mark_failing(self, source: str, error: WireError, waited: float = 0.0, pause: float | None = None) -> None:
        """Note that a call failed after `waited` seconds; it will be tried again.

        Args:
            source: the part of the uploader that made the call.
            error: why it failed.
            waited: seconds that the call took, if it has had no answer.
            pause: seconds until it is tried again, if that is known; by default what the server asked for.
        """
        message = str(error)
        self.permanent_failure = isinstance(error, (Unauthorized, Refused))
        if isinstance(error, Unauthorized):
            message += "; renew it with `wandb-compat login` or PLUTO_API_KEY. The rows stay in the journal"
        elif isinstance(error, Refused):
            message += "; the rows stay in the journal"
        elif isinstance(error, Unavailable):
            message += "; the rows wait in the journal until that is over"
        asked = pause or (error.wait if isinstance(error, Unavailable) else None)
        with self._lock:
            self._failing.pop(source, None)  # so that the latest failure is the last one
            self._failing[source] = message, time() + asked if asked else None
            since = self.state.since or time() - waited
            permanent = self.permanent_failure
            self.update(phase="waiting", trouble=message, due=self._due(), since=since, permanent=permanent)

    def _due(self) -> float | None:
        """Return when the last of the failed calls is tried again, or None where that is not known of each."""
        moments = [moment for _, moment in self._failing.values()]
        return None if None in moments else max(filter(None, moments))

    def _silent(self, host: str) -> None:
        """Note that a call under way has had no answer for long, so that a waiting `finish` knows."""
        message = f"the Pluto server at {host} has not answered for {CONNECT_PATIENCE:g} s"
        self.mark_failing(_SILENCE, Unavailable(message), CONNECT_PATIENCE)
