"""The uploader's standing with the server: which run it writes to, and what went wrong last."""

from __future__ import annotations

import contextlib
import logging
import random
import threading
from dataclasses import replace
from pathlib import Path
from time import monotonic, time
from typing import Any

from wandb_compat.config.limits import BACKOFF, CONNECT_PATIENCE
from wandb_compat.run import distributed, previous_run
from wandb_compat.spool.config_merge import KEYED_LISTS, merge, merge_keyed_lists
from wandb_compat.spool.records import Start
from wandb_compat.spool.status import State
from wandb_compat.wire import models
from wandb_compat.wire.client import Client
from wandb_compat.wire.endpoints import Endpoints
from wandb_compat.wire.errors import Refused, Unauthorized, Unavailable, WireError
from wandb_compat.wire.models import STATUS, Created
from wandb_compat.wire.names import header_name, stored_tags

log = logging.getLogger(__name__)

_SILENCE = "silence"  # besides the parts of the uploader, one who can be ill: the server that does not answer


class Backoff:
    """Waits between attempts: doubling, jittered, never given up."""

    def __init__(self) -> None:
        self._failures = 0
        self._due = 0.0

    @property
    def troubled(self) -> bool:
        """Whether the last attempt has failed."""
        return self._failures > 0

    def ready(self) -> bool:
        """Whether it is time for the next attempt."""
        return monotonic() >= self._due

    def failed(self, asked: float | None = None) -> None:
        """Note a failure; `asked` is the wait that the server named, in seconds."""
        first, last = BACKOFF
        wait = min(first * 2**self._failures, last) * random.uniform(0.5, 1)
        self._failures = min(self._failures + 1, 16)
        self._due = monotonic() + max(wait, asked or 0)

    def succeeded(self) -> None:
        """Forget the failures."""
        self._failures, self._due = 0, 0.0


class Session:
    """Creates or resumes the run on the server and keeps the account that others read."""

    def __init__(self, run_dir: Path, endpoints: Endpoints, key: str, start: Start) -> None:
        self.run_dir = run_dir
        self.start = start
        self._key = key
        self.client = Client(endpoints, key, self._silent)
        self.state = State()
        self._before = State.read(run_dir)  # the account of an uploader that has died, or of an earlier `sync`
        self._strange: list[str] = []  # tags that the run had before and that the script does not know
        self.hopeless = False  # whether what went wrong last is not going to heal by itself
        self._lock = threading.RLock()
        self._troubled: dict[str, tuple[str, float | None]] = {}  # sentence, moment that the server named
        self._project = header_name(start.project)

    @property
    def run(self) -> int:
        """The server's number of the run; only once `open` has succeeded."""
        assert self.state.run is not None
        return self.state.run

    @property
    def project(self) -> str:
        """The project that the run lies in."""
        return self._project

    def another_client(self, awaited: bool = True) -> Client:
        """Return a client for another thread: the sessions of requests are not to be shared.

        Args:
            awaited: whether the user should hear of a call that is not answered.
        """
        return Client(self.client.endpoints, self._key, *([self._silent] if awaited else []))

    @property
    def headers(self) -> dict[str, str]:
        """What tells the ingest routes which run is meant."""
        return {
            "X-Run-Id": str(self.run),
            "X-Run-Name": header_name(self.start.name),
            "X-Project-Name": self._project,
        }

    def open(self) -> None:
        """Create the run, or take up the one that the start record names.

        Raises:
            WireError: it did not work this time.
        """
        start = self.start
        target = models.resume_body(start.target) if start.target else None
        if target is not None:
            created = self.client.resume(target)
        else:
            created = self._forked() if start.fork else self.client.create(models.create_body(start))
        self._project = created.project or self._project  # a run told by its number may lie elsewhere
        resumed = created.resumed
        if self._before is not None and self._before.run == created.run:  # another uploader has been here before us
            resumed = bool(self._before.resumed)
        elif resumed:
            self._join(created.run, target is not None)
        if resumed and start.rank is not None:
            resumed = not distributed.Ranks(start, self.run_dir).began(created.run)
        # Last, as it lets the lanes go.
        self.account(
            run=created.run, display_id=created.display_id, url=created.url, resumed=resumed, phase="delivering"
        )

    def _forked(self) -> Created:
        """Create a run that is forked from another one; what it was configured with counts for this one too."""
        assert self.start.fork is not None
        run_id, step = self.start.fork
        parent = previous_run.number_of(self.client, self._project, run_id)
        if parent is None:
            raise Unavailable(f"run {run_id} of project {self._project}, to fork from at step {step}, is not there yet")
        config = previous_run.of_number(self.client, self._project, parent).values
        merge(config, self.start.config)
        start = replace(self.start, config=config)
        try:
            return self.client.create(models.create_body(start, parent))
        except Refused as error:
            if not error.content:
                raise
            log.error("no fork of %s at step %s but a run without a parent: %s", run_id, step, error)
            return self.client.create(models.create_body(start))

    def _join(self, run: int, by_number: bool) -> None:
        """Add config and tags to a run that was there before: the server keeps its own tags, and by number all else."""
        if by_number and self.start.config:
            self.client.update_config(run, models.document(self.start.config))
        with self._alone():
            known = [str(tag) for tag in self.client.details(run, self._project).get("tags") or []]
            self._strange = [tag for tag in known if tag not in self.start.tags]
            if missing := [tag for tag in self.start.tags if tag not in known]:
                self.client.update_tags(run, stored_tags([*known, *missing]))

    def _alone(self) -> contextlib.AbstractContextManager[object]:
        """Keep the other ranks of this machine from changing what is read and then replaced as a whole."""
        return contextlib.nullcontext() if self.start.rank is None else distributed.alone(self.start)

    def reopen(self) -> None:
        """Take up a resumed run again that has been ended meanwhile, by a late word about an earlier part of it.

        A server only lets the graver news replace how a run has ended.

        Raises:
            WireError: it did not work this time.
        """
        if self.state.resumed and self.client.details(self.run, self._project).get("status") in STATUS.values():
            self.client.resume({"runId": self.run})

    def all_tags(self, given: list[str]) -> list[str]:
        """Return tags as the server takes them, with those of the run before that the script did not know of."""
        return stored_tags([*[tag for tag in self._strange if tag not in given], *given])

    def add_config(self, config: dict[str, Any]) -> None:
        """Merge a configuration into the run's; lists of `config["wandb"]` too, which the server would replace.

        Raises:
            WireError: it did not work this time.
        """
        ours = config.get("wandb")
        shared = self.state.resumed or self.start.rank is not None
        if not shared or not isinstance(ours, dict) or KEYED_LISTS.keys().isdisjoint(ours):
            self.client.update_config(self.run, models.document(config))
            return
        with self._alone():
            merge_keyed_lists(self.client.details(self.run, self._project).get("config") or {}, config)
            self.client.update_config(self.run, models.document(config))

    # The account

    def account(self, **changes: Any) -> None:
        """Change the account, on disk too when it really changed."""
        with self._lock:
            changed = False
            for name, value in changes.items():
                changed |= getattr(self.state, name) != value
                setattr(self.state, name, value)
            if changed:
                self.state.write(self.run_dir)

    def well(self, who: str) -> None:
        """Note that a call has worked; `who` is the part of the uploader that made it."""
        with self._lock:
            self._troubled.pop(who, None)
            self._troubled.pop(_SILENCE, None)
            self.hopeless = False
            if not self._troubled:
                self.account(phase="delivering", trouble=None, due=None, since=None)

    def ill(self, who: str, error: WireError, waited: float = 0.0) -> None:
        """Note that a call has failed, after so many seconds, in a way that may heal."""
        sentence = str(error)
        self.hopeless = isinstance(error, (Unauthorized, Refused))
        if isinstance(error, Unauthorized):
            sentence += "; renew it with `pluto login` or PLUTO_API_KEY. The rows stay in the journal"
        elif isinstance(error, Refused):
            sentence += "; the rows stay in the journal"
        elif isinstance(error, Unavailable):
            sentence += "; the rows wait in the journal until that is over"
        asked = error.wait if isinstance(error, Unavailable) else None
        with self._lock:
            self._troubled[who] = sentence, time() + asked if asked else None
            moments = [moment for _, moment in self._troubled.values()]
            due = None if None in moments else max(filter(None, moments))
            since = self.state.since or time() - waited
            self.account(phase="waiting", trouble=sentence, due=due, since=since)

    def _silent(self, host: str) -> None:
        """Note that a call under way has had no answer for long: whoever waits for it should know."""
        sentence = f"the Pluto server at {host} has not answered for {CONNECT_PATIENCE:g} s"
        self.ill(_SILENCE, Unavailable(sentence), CONNECT_PATIENCE)
