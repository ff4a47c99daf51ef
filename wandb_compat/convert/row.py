"""Collects what one logged row becomes: numbers, records and summary values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from wandb_compat.convert.deferred import DeferredRecords
from wandb_compat.convert.numbers import Number
from wandb_compat.spool import records
from wandb_compat.wire.names import file_log_key, log_key

# Keys of a row that wandb leaves out, as it sets them itself: it reads the time of the row from `_timestamp`.
RESERVED = frozenset(("_step", "_timestamp", "_runtime", ""))


def without_reserved(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row without RESERVED keys: the row itself when it has none."""
    if RESERVED.isdisjoint(data):
        return data
    return {key: value for key, value in data.items() if key not in RESERVED}


class Row:
    """The converted form of one logged row.

    Args:
        step: from 0.
        time: milliseconds since the epoch.
        run_dir: the run directory, which stages files until they are uploaded.
        adds: whether its files are added to those that were logged at this step before.
    """

    __slots__ = ("adds", "charts", "keyed_records", "notices", "numbers", "run_dir", "step", "summary", "time")

    def __init__(self, step: int, time: int, run_dir: Path, *, adds: bool = False) -> None:
        self.adds = adds
        self.step = step
        self.time = time
        self.run_dir = run_dir
        self.numbers: dict[str, Number] = {}  # by the key on the server
        self.keyed_records: list[tuple[records.Key, records.Record | DeferredRecords]] = []
        self.charts: dict[str, dict[str, Any]] = {}  # descriptions of custom charts for the configuration
        self.notices: list[str] = []  # messages for the user
        self.summary: dict[str, Any] = {}  # by the key as logged

    def add_number(self, key: str, number: Number) -> None:
        """Add a metric."""
        self.numbers[log_key(key)] = number

    def add_series(self, key: str, data_type: str, document: str, key_type: str | None = None) -> None:
        """Add a text or JSON document.

        Args:
            key: the logged key.
            data_type: Pluto's type of the document, such as `HISTOGRAM`.
            document: its text.
            key_type: Pluto's type of the key where it differs from `data_type`.
        """
        name = log_key(key)
        series = records.Series(self.time, self.step, data_type, name, document)
        self.keyed_records.append((records.Key(name, key_type or data_type), series))

    def defer_series(self, key: str, data_type: str, encode: Callable[[], str], size: int) -> None:
        """Add a document that is encoded later.

        Args:
            key: the logged key.
            data_type: Pluto's type of the document and of the key.
            encode: returns the document.
            size: memory that `encode` holds until then, in bytes.
        """
        time, step, name = self.time, self.step, log_key(key)

        def make() -> Iterable[records.Record]:
            yield records.Series(time, step, data_type, name, encode())

        self.keyed_records.append((records.Key(name, data_type), DeferredRecords(make, key, size)))

    def defer_files(self, key: str, key_type: str, make: Callable[[], Iterable[records.Record]], size: int = 0) -> None:
        """Add the records of files, which are made later; see `DeferredRecords`."""
        self.keyed_records.append((records.Key(file_log_key(key), key_type), DeferredRecords(make, key, size)))
