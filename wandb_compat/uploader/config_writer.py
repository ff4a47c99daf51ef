"""The one writer of all that lives in a run's config on the server: configuration, summary, artifacts, notes, charts.

A server reads, merges and writes a config without a lock, so two updates at once may lose one. Here one update is
under way at a time, and at the end of the run all of them are read back.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any

from wandb_compat.config.limits import NOTES_LIMIT
from wandb_compat.wire.client import Client
from wandb_compat.wire.config_merge import KEYED_LISTS, merge, merge_keyed_lists
from wandb_compat.wire.errors import TOO_LARGE, Refused
from wandb_compat.wire.exact_numbers import EXACT
from wandb_compat.wire.json_numbers import equal_as_stored
from wandb_compat.wire.models import config_document, config_values
from wandb_compat.wire.packed_config import ARTIFACTS, PACKED, SUMMARY, unpacked
from wandb_compat.wire.text import clean_text

log = logging.getLogger(__name__)

# Parts of `config["wandb"]` that are stored as a whole.
WHOLE = {*KEYED_LISTS, *PACKED, SUMMARY}
EARLIER = 3  # values that one key had before and by which a lost update is recognised
ATTEMPTS = 3  # times that lost values are sent again before they are given up
_ABSENT = object()


class ConfigWriter:
    """Updates the config of one run; may be called by several threads."""

    def __init__(self, client: Client, alone: Callable[[], AbstractContextManager[object]]) -> None:
        """Prepare.

        Args:
            client: used by one thread at a time.
            alone: returns a context in which no other process of this machine updates the run's config.
        """
        self._client = client
        self._alone = alone
        self._lock = threading.RLock()
        self._run: int | None = None
        self._project = ""
        self._shared = False
        self._sent: dict[str, Any] = {}  # at each leaf a tuple of the last values, the newest last
        self._before: Mapping[str, Any] = {}  # the config that the run had before
        self._known: dict[str, Any] = {}  # the config in its stored form, as far as it is known
        self._columns: set[str] | None = set()  # see `packed`
        self._exact: dict[str, Any] = {}
        self._updated = False
        self._notes = ""  # that the server has, as far as is known: it has no call that returns them
        self._owes_notes = False  # whether an attempt to send others has failed

    def open(self, run: int, project: str, created: Mapping[str, Any], *, existing: bool, shared: bool) -> None:
        """Begin with a run that was created or resumed.

        Args:
            run: the server's number of it.
            project: the project that it is in.
            created: the config that it was created with.
            existing: whether the run was on the server before.
            shared: whether other processes, or an earlier part of the run, update its config too.

        Raises:
            WireError: it did not work this time.
        """
        with self._lock:
            self._run, self._project, self._shared = run, project, shared
            self._before = self._read() if existing else {}
            about = self._before.get("wandb")
            stored = about.get(EXACT) if isinstance(about, dict) else None
            if not self._owes_notes:
                self._notes = str(about.get("notes") or "") if isinstance(about, dict) else ""
            self._exact = json.loads(json.dumps(stored)) if isinstance(stored, dict) else {}
            first = config_values(created, self._exact)
            _note(self._sent, first)
            if not existing:
                self._known = json.loads(config_document(first, {}))
            self._send_notes(created)

    def update(self, values: dict[str, Any], columns: Collection[str] | None = ()) -> None:
        """Merge values into the run's config; also what a server stores as a whole and would replace.

        Args:
            values: in the plain form.
            columns: those that were added; see `packed`.

        Raises:
            WireError: it did not work this time.
        """
        assert self._run is not None
        with self._lock, self._alone():
            ours = values.get("wandb")
            # `wandb.Api` adds aliases to artifacts of a run that goes on.
            if isinstance(ours, dict) and (ARTIFACTS in ours or (self._shared and not WHOLE.isdisjoint(ours))):
                stored = self._read()
                if self._shared:
                    merge_keyed_lists(stored, values)
            self._columns = None if columns is None or self._columns is None else self._columns.union(columns)
            self._send(config_values(values, self._exact))
            self._send_notes(values)

    def read_back(self) -> list[str]:
        """Send again what the server does not have of all updates; return the keys that it does not keep.

        Raises:
            WireError: it did not work this time.
        """
        with self._lock:
            if not self._updated:
                return []
            for _ in range(ATTEMPTS):
                with self._alone():
                    lost = _lost(self._sent, self._read(), self._before)
                    if not lost:
                        return []
                    log.warning("the server lost an update of the config; sent again: %s", ", ".join(_names(lost)))
                    self._send(lost)
            return _names(_lost(self._sent, self._read(), self._before))

    def _send(self, values: dict[str, Any]) -> None:
        assert self._run is not None
        _note(self._sent, values)  # before: an answer that is lost does not mean that the update is
        self._updated = True
        document = config_document(values, self._known, self._columns)
        try:
            self._client.update_config(self._run, document)
        except Refused as error:
            ours = values.get("wandb")
            if error.status != TOO_LARGE or not isinstance(ours, dict) or WHOLE.isdisjoint(ours):
                raise
            document = json.dumps(values)  # objects can be sent in parts
            self._client.update_config(self._run, document)
        merge(self._known, json.loads(document))

    def _send_notes(self, values: Mapping[str, Any]) -> None:
        """Put notes into the field that Pluto's page shows as well; the config keeps them in full length."""
        ours = values.get("wandb")
        if not isinstance(ours, dict) or not isinstance(notes := ours.get("notes"), str):
            return
        notes = clean_text(notes)
        if notes == self._notes:  # perhaps changed on the page since
            return
        assert self._run is not None
        self._owes_notes = True
        try:
            self._client.update_notes(self._run, notes[:NOTES_LIMIT] or None)
        except Refused as error:  # an older server
            log.info("the notes are in the config only: %s", error)
        self._notes, self._owes_notes = notes, False

    def _read(self) -> dict[str, Any]:
        """Return the run's config in the plain form, as the server has it now."""
        assert self._run is not None
        config = self._client.stored_config(self._run, self._project)
        self._known = json.loads(json.dumps(config))
        return unpacked(config)


def _note(sent: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Merge values into those that were sent, as the server does."""
    for key, value in values.items():
        before = sent.get(key)
        if isinstance(value, dict):
            if not isinstance(before, dict):
                before = sent[key] = {}
            _note(before, value)
        else:
            earlier = before if isinstance(before, tuple) else ()
            if not earlier or earlier[-1] != value:
                sent[key] = (*earlier[-EARLIER:], value)


def _last(sent: Any) -> Any:
    if isinstance(sent, dict):
        return {key: _last(value) for key, value in sent.items()}
    return sent[-1]


def _lost(sent: Mapping[str, Any], stored: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was sent and is not stored: it is absent, or an earlier value is there.

    Any other value comes from another client, which may change the config too.
    """
    lost: dict[str, Any] = {}
    for key, ours in sent.items():
        there, past = stored.get(key, _ABSENT), before.get(key, _ABSENT)
        if isinstance(ours, dict):
            if not isinstance(there, dict):
                lost[key] = _last(ours)
            elif inner := _lost(ours, there, past if isinstance(past, dict) else {}):
                lost[key] = inner
            continue
        *earlier, last = ours
        if there is _ABSENT:
            if last is not None:
                lost[key] = last
        elif isinstance(there, dict) or (
            not equal_as_stored(last, there) and any(equal_as_stored(one, there) for one in (*earlier, past))
        ):
            lost[key] = last
    return lost


def _names(config: Mapping[str, Any]) -> list[str]:
    about = config.get("wandb")
    inner = [f"wandb.{key}" for key in about] if isinstance(about, dict) else []
    return [key for key in config if key != "wandb" or not inner] + inner
