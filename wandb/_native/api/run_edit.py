"""What can be changed in a run that was read back: only what was changed is sent."""

from __future__ import annotations

import copy
from pathlib import Path
from time import sleep, time
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from wandb._native.api import run_fields
from wandb._native.api.unsupported_methods import refuse
from wandb.apis.attrs import Attrs
from wandb.apis.normalize import normalize_exceptions
from wandb.errors.term import termwarn

if TYPE_CHECKING:
    from wandb._native.api.connection import Reader
    from wandb._native.api.run import Run
    from wandb.apis.public.runhistory import DownloadHistoryResult
    from wandb.apis.public.summary import HTTPSummary

LOOK = 5.0  # seconds between two looks at a run that is waited for


class RunChanges(Attrs):
    """The methods; `Run` is the only class that has them."""

    _reader: Reader
    _saved: dict[str, Any]  # what the server has
    _summary: HTTPSummary | None
    number: int

    if TYPE_CHECKING:
        config: dict[str, Any]
        tags: list[str]
        state: str
        url: str

        def _load_details(self) -> dict[str, Any]: ...
        def load(self, force: bool = False) -> dict[str, Any]: ...

    def _remember(self) -> None:
        """Keep what the server has, to send only what was changed."""
        self._saved = copy.deepcopy(self._attrs)

    @normalize_exceptions
    def update(self) -> None:
        """Send what was changed: config, tags, group, job type, name, notes and summary.

        A key that was removed from the config stays on the server, which only adds and replaces.
        """
        self._load_details()
        config, saved = self.config, self._saved["config"]
        changed = {key: one for key, one in config.items() if key not in saved or saved[key] != one}
        if gone := [key for key in saved if key not in config]:
            termwarn(f"Pluto keeps keys of a config: {', '.join(gone)} cannot be removed and stay in the run.")
        about = {}
        for name, attribute in (("name", "displayName"), ("notes", "notes")):
            if self._attrs.get(attribute) != self._saved.get(attribute):
                about[name] = self._attrs[attribute]
        if changed or about:
            self._send(about, changed)
        marks = {kind: self._attrs.get(name) for kind, name in run_fields.MARKS.items()}
        if any(self._attrs.get(name) != self._saved.get(name) for name in ("tags", *run_fields.MARKS.values())):
            self._send_tags([*[f"{kind}:{value}" for kind, value in marks.items() if value], *self.tags])
        self._send_summary()
        self._attrs["rawconfig"] = dict(config)
        self._remember()

    save = update

    def _send(self, about: dict[str, Any], config: dict[str, Any] | None = None) -> None:
        from wandb_compat.convert.json_values import json_value
        from wandb_compat.wire.models import document

        values = json_value(config or {})
        if about:
            theirs = values.get("wandb")
            values["wandb"] = {**(theirs if isinstance(theirs, dict) else {}), **about}
        self._reader.wire.update_config(self.number, document(values))

    def _send_tags(self, tags: list[str]) -> None:
        from wandb_compat.wire.names import stored_tags

        self._reader.wire.update_tags(self.number, stored_tags(tags))

    @normalize_exceptions
    def _send_summary(self) -> None:
        if self._summary is None:
            return
        from wandb_compat.run.server_fields import published_summary

        now, saved = self._attrs["summaryMetrics"], self._saved.get("summaryMetrics", {})
        changed = {key: one for key, one in now.items() if key not in saved or saved[key] != one}
        told = published_summary(run_fields.without_folders(changed))
        told |= dict.fromkeys(self._summary._deleted)  # a server keeps keys; null stands for none
        if told:
            self._send({"summary": told})
        self._summary._deleted.clear()
        self._saved["summaryMetrics"] = copy.deepcopy(now)

    @normalize_exceptions
    def wait_until_finished(self) -> None:
        """Wait until the run is over; `state` tells how it ended."""
        while self.load(force=True)["state"] not in run_fields.ENDED:
            sleep(LOOK)

    @normalize_exceptions
    def update_state(self, state: str) -> bool:
        """Set the state of a run that is lost to `failed`.

        Raises:
            wandb.UsageError: it is another state: Pluto has no runs that wait to begin.
        """
        if state != "failed":
            refuse(f"Run.update_state({state!r})", "a run can be marked as failed; it begins with wandb.init")
        told = {"type": "Exit", "message": "marked as failed through wandb.Api"}
        self._reader.wire.set_status(self.number, "FAILED", int(time() * 1000), told)
        self.load(force=True)
        return self._load_details()["status"] == "FAILED"

    def delete(self, delete_artifacts: bool = False) -> NoReturn:
        """Refused: a Pluto server has no call that deletes a run; it is deleted on its page.

        Raises:
            wandb.UsageError: always.
        """
        refuse("Run.delete()", f"delete the run on its page, {self.url}")

    @normalize_exceptions
    def stop(self) -> None:
        """Ask a run to stop; one that is over stays as it is.

        In Pluto: the status becomes CANCELLED, which the run hears with its next heartbeat and ends as by Ctrl-C.
        """
        if self.load(force=True)["state"] not in run_fields.ENDED:
            told = {"type": "Stop", "message": "stopped through wandb.Api"}
            self._reader.wire.set_status(self.number, "CANCELLED", int(time() * 1000), told)
            self.load(force=True)

    @normalize_exceptions
    def download_history_exports(
        self, download_dir: Path | str, require_complete_history: bool = True
    ) -> DownloadHistoryResult:
        """Write the whole history to a file in the Parquet format.

        In Pluto: written here, with pandas and pyarrow, from the rows that `scan_history` reads.

        Args:
            download_dir: the folder of the file, `history.parquet`.
            require_complete_history: whether a run that goes on is an error.

        Raises:
            IncompleteRunHistoryError: the run goes on.
            wandb.Error: pandas or pyarrow are missing.
        """
        from wandb.apis.public import runhistory

        return runhistory.export(self, download_dir, require_complete_history)  # type: ignore[arg-type] # Run is this

    @classmethod
    def create(
        cls,
        api: Any,
        run_id: str | None = None,
        project: str | None = None,
        entity: str | None = None,
        state: Literal["running", "pending"] = "running",
    ) -> Run:
        """Make a run on the server without logging anything; see `Api.create_run`."""
        return api._create_run(run_id=run_id, project=project, entity=entity, state=state)  # type: ignore[no-any-return]
