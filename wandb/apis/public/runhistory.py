"""Exports of a history as Parquet files, which Pluto has not."""

from wandb.apis.public.refused import Refused


class DownloadHistoryResult(Refused):
    """Refused: Pluto writes no Parquet files."""

    instead = "it writes no Parquet files; run.scan_history() reads every row"


class IncompleteRunHistoryError(Exception):
    """Kept for `except` clauses."""
