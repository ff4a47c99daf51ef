"""A run that was read back."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from wandb._native.api import artifact_versions, run_edit, run_fields, run_files
from wandb._native.api.run_attributes import RunAttributes
from wandb.apis import public
from wandb.apis.normalize import normalize_exceptions
from wandb.apis.public import history
from wandb.apis.public.console_logs import ConsoleLogs
from wandb.apis.public.files import File, Files, named_file
from wandb.errors import CommError
from wandb.errors.term import termerror, termwarn
from wandb_compat.run.identity import RUN_ID
from wandb_compat.wire.display_ids import is_display_id, is_run_number

if TYPE_CHECKING:
    from wandb._native.api.connection import Reader
    from wandb.apis.public.artifacts import RunArtifacts
    from wandb.apis.public.history import HistoryScan
    from wandb.apis.public.runhistory import DownloadHistoryResult
    from wandb.apis.public.runs import Runs
    from wandb.sdk.artifacts.artifact import Artifact

PICTURED = 500  # rows of the history from which the static picture in a notebook is drawn
_WORD = re.compile(r"[\w-]+", re.ASCII)


class RunNotFoundError(CommError, ValueError):
    """The run does not exist; real wandb raises CommError or ValueError, depending on the call."""

    __module__ = "wandb.apis.public.runs"  # as in wandb


class Run(RunAttributes):
    """A run on the server.

    Example:
        >>> run = wandb.Api().run("demo/1a2b3c4d")
        >>> run.config["lr"], run.summary["loss"]
    """

    __module__ = "wandb.apis.public.runs"  # the name in pickles and tracebacks, as in wandb

    def __init__(
        self,
        service_api: Reader,
        entity: str | None,
        project: str,
        run_id: str,
        attrs: Mapping[str, Any] | None = None,
        include_sweeps: bool = False,
        lazy: bool = True,
        api_key: str | None = None,
    ) -> None:
        """Read a run; prefer `Api.run`.

        Raises:
            RunNotFoundError: the project has no run of that id.
        """
        number = find_number(service_api, project, run_id)
        if number is None:
            raise RunNotFoundError(f"Could not find run <Run {entity or ''}/{project}/{run_id} (not found)>")
        self._begin(service_api, entity, project, number, attrs or {})
        self._load_details()

    @classmethod
    def _listed(cls, runs: Runs, row: dict[str, Any]) -> Run:
        """Return a run of a list, with the fields that the list contains."""
        run = cls.__new__(cls)
        run._begin(runs._reader, runs._entity, runs.project, row["id"], run_fields.from_listing(row))
        return run

    # History

    @normalize_exceptions
    def history(
        self,
        samples: int = 500,
        keys: list[str] | None = None,
        x_axis: str = "_step",
        pandas: bool = True,
        stream: Literal["default", "system"] = "default",
    ) -> Any:
        """Return rows of the history, evenly thinned.

        Args:
            samples: rows at most.
            keys: give only rows that have all of these, and of them only these and the x axis.
            x_axis: the metric that is the x axis.
            pandas: return a DataFrame, where pandas is installed; else a list of dicts.
            stream: `system` for what was measured of the machine.
        """
        if keys is not None and not (isinstance(keys, list) and all(isinstance(key, str) for key in keys)):
            termerror("keys must be specified in a list of strings")
            return []
        if keys and stream != "default":
            termerror("stream must be default when specifying keys")
            return []
        system = stream == "system"
        rows = history.machine(self, samples) if system else history.sampled(self, samples, keys or None, x_axis)
        if not pandas:
            return rows
        try:
            import pandas as frames
        except ImportError:
            termwarn("Unable to load pandas, call history with pandas=False")
            return rows
        return frames.DataFrame.from_records(rows)

    def scan_history(
        self,
        keys: list[str] | None = None,
        page_size: int = 1000,
        min_step: int = 0,
        max_step: int | None = None,
        use_cache: bool = True,
    ) -> HistoryScan:
        """Return every row of the history, read as it is asked for.

        Args:
            keys: give only rows that have all of these, and of them only these.
            page_size: steps to read at a time.
            min_step: the first step.
            max_step: the step after the last.
            use_cache: without effect, accepted: the rows come from the server each time.

        Raises:
            ValueError: `keys` is not a list of texts.
        """
        if keys is not None and not (isinstance(keys, list) and all(isinstance(key, str) for key in keys)):
            raise ValueError("keys must be specified in a list of strings")
        return history.HistoryScan(self, keys=keys or None, min_step=min_step, max_step=max_step, page_size=page_size)

    beta_scan_history = scan_history

    def console_logs(self, *, per_page: int = 1000, last: int | None = None) -> ConsoleLogs:
        """Return the lines that the run printed.

        Args:
            per_page: lines to read at a time.
            last: give only so many of the last lines.
        """
        return ConsoleLogs(self._reader, self, per_page, last)

    # Files and artifacts

    def files(self, names: list[str] | None = None, pattern: str | None = None, per_page: int = 50) -> Files:
        """Return the files of the run: saved ones, media, and those that wandb makes of config, summary and console.

        Args:
            names: of the files wanted; all by default.
            pattern: as SQL's LIKE has it: `%` for any text, `_` for any letter.
            per_page: without much effect: Pluto lists a run's files at once.
        """
        return Files(self._reader, self, names or [], per_page, pattern=pattern)

    @normalize_exceptions
    def file(self, name: str) -> File:
        """Return a file by name; whether it is there shows `download`."""
        return named_file(self, name)

    @normalize_exceptions
    def upload_file(self, path: str | os.PathLike[str], root: str | os.PathLike[str] = ".") -> File:
        """Add a file of this machine to the run.

        Args:
            path: of the file.
            root: the folder from which on the path becomes the file's name.

        Raises:
            wandb.CommError: the file does not exist, or the server does not take it.
        """
        return run_files.upload_file(self, path, root)

    def logged_artifacts(self, per_page: int = 100) -> RunArtifacts:
        """Return the artifact versions that the run has logged."""
        return public.RunArtifacts(self._reader, self, "logged", per_page)

    def used_artifacts(self, per_page: int = 100) -> RunArtifacts:
        """Return the artifact versions that the run has used."""
        return public.RunArtifacts(self._reader, self, "used", per_page)

    @normalize_exceptions
    def use_artifact(self, artifact: Artifact, use_as: str | None = None) -> Artifact:
        """Note that the run has used an artifact, one that `Api.artifact` has returned.

        Raises:
            ValueError: it is not an artifact, or not logged yet.
        """
        return run_files.use_artifact(self, artifact)

    @normalize_exceptions
    def log_artifact(
        self, artifact: Artifact, aliases: Collection[str] | None = None, tags: Collection[str] | None = None
    ) -> Artifact:
        """Note that the run has logged a version that is there already, one that `Api.artifact` has returned.

        Args:
            artifact: of the run's project.
            aliases: for the version.
            tags: for the version.

        Raises:
            TypeError: it is not an artifact.
            ValueError: it is not logged yet, or of another project.
        """
        return artifact_versions.log_again(self, artifact, aliases, tags)

    # Changing

    @normalize_exceptions
    def update(self) -> None:
        """Send what was changed: config, tags, group, job type, name, notes and summary.

        A key that was removed from the config stays on the server, which only adds and replaces.
        """
        run_edit.update(self)

    save = update

    @normalize_exceptions
    def wait_until_finished(self) -> None:
        """Wait until the run is over; `state` tells how it ended."""
        run_edit.wait_until_finished(self)

    @normalize_exceptions
    def update_state(self, state: str) -> bool:
        """Set the state of a run that is lost to `failed`.

        Raises:
            wandb.UsageError: it is another state: Pluto has no runs that wait to begin.
        """
        return run_edit.update_state(self, state)

    @normalize_exceptions
    def delete(self, delete_artifacts: bool = False) -> None:
        """Delete a run that is over.

        In Pluto: the embedded server deletes it, with the artifact versions that it logged, and its page can restore it
        for a day. Pluto's own server has no call for it: `UnsupportedError`, the run is deleted on its page.

        Args:
            delete_artifacts: makes no difference.

        Raises:
            wandb.UsageError: it is on Pluto's own server.
            wandb.CommError: it is still running.
        """
        run_edit.delete(self)

    @normalize_exceptions
    def stop(self) -> None:
        """Ask a run to stop; one that is over stays as it is.

        In Pluto: the status becomes CANCELLED, which the run hears with its next heartbeat and ends as by Ctrl-C.
        """
        run_edit.stop(self)

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

        return runhistory.export(self, download_dir, require_complete_history)

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

    # Showing

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """Return HTML that shows the run; see `wandb.Run.to_html`."""
        from wandb._native.notebooks.chart import charts_svg
        from wandb._native.notebooks.frame import run_html

        values: dict[str, list[float]] = {}
        for row in self.history(samples=PICTURED, pandas=False):
            for name, value in row.items():
                if isinstance(value, (int, float)) and not isinstance(value, bool):
                    values.setdefault(name, []).append(value)
        title = f"Run {self.name} ({'/'.join(self.path)})"
        return run_html(title, self.url, self._reader.key, charts_svg(values), height=height, hidden=hidden)

    def _repr_html_(self) -> str:
        return self.to_html()

    def __repr__(self) -> str:
        return f"<Run {'/'.join(self.path)} ({self.state})>"


def find_number(reader: Reader, project: str, id: str) -> int | None:
    """Return Pluto's number of a run by wandb's id, also of a migrated run; else by its number or display id."""
    rows, _ = reader.page(project, {f"systemMetadata.{RUN_ID}": id}, "-createdAt", 1)
    if not rows and _WORD.fullmatch(id):
        rows, _ = reader.page(project, {"config.wandb.url": {"$regex": f"/runs/{id}$"}}, "-createdAt", 1)
    if rows:
        return int(rows[0]["id"])
    if not (is_run_number(id) or is_display_id(id)):
        return None
    from wandb._native.api.connection import status_of

    try:
        found = reader.get_run(project, int(id) if id.isdecimal() else id)
    except CommError as error:
        if status_of(error) in (400, 404):
            return None
        raise
    return int(found["id"]) if found.get("projectName") == reader.stored_project(project) else None
