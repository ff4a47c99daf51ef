"""The history of a run as a file in the Parquet format, which is written here from what the server answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wandb._native.api import run_fields
from wandb.errors import Error

if TYPE_CHECKING:
    from wandb._native.api.run import Run


@dataclass
class DownloadHistoryResult:
    """What `Run.download_history_exports` has written.

    Args:
        paths: the files.
        contains_live_data: whether the run may log more than is in them.
        errors: None; what could not be read has raised.
    """

    paths: list[Path]
    contains_live_data: bool
    errors: dict[Path, str] | None = None


class IncompleteRunHistoryError(Error):
    """The run goes on, so its history is not complete."""


def export(run: Run, folder: Path | str, complete: bool) -> DownloadHistoryResult:
    """Write all rows of a run to `history.parquet` in a folder, a column for each key."""
    try:
        import pandas
        import pyarrow  # noqa: F401 # what pandas writes the format with
    except ImportError as error:
        raise Error("Run.download_history_exports() needs two libraries: `pip install pandas pyarrow`") from error
    live = run.load(force=True)["state"] not in run_fields.ENDED
    if live and complete:
        raise IncompleteRunHistoryError(
            f"Run {run.id} goes on: wait for its end, or read what exists with require_complete_history=False"
        )
    path = Path(folder) / "history.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pandas.DataFrame([_flat(row) for row in run.scan_history()]).to_parquet(path)
    return DownloadHistoryResult([path], live)


def _flat(row: dict[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in row.items():
        inner = _flat(value, f"{before}{key}.") if isinstance(value, dict) else {f"{before}{key}": value}
        flat |= inner
    return flat
