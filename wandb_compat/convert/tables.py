"""Converts tables, data frames and custom charts to records. The real wandb's objects and ours are read alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from wandb_compat.convert import charts, kinds, media
from wandb_compat.convert.json_values import json_value
from wandb_compat.convert.row import Row
from wandb_compat.convert.table_snapshot import MediaCell, TableSnapshot
from wandb_compat.spool import records
from wandb_compat.wire.names import file_log_key, log_key

_CONVERTED_ROWS = "_rows_in_pluto"  # attribute of an incremental table: how many of its rows were converted


def add_table(row: Row, key: str, table: Any) -> None:
    """Add a `wandb.Table` to a row."""
    row.summary[key] = _add_table(row, key, table)


def add_data_frame(row: Row, key: str, frame: Any) -> None:
    """Add a data frame of pandas to a row."""
    columns = [frame.iloc[:, index].tolist() for index in range(frame.shape[1])]
    _add_rows(row, key, list(frame.columns), list(zip(*columns, strict=True)))
    row.summary[key] = {"_type": "table-file", "ncols": frame.shape[1], "nrows": frame.shape[0]}


def add_joined_table(row: Row, key: str, join: Any) -> None:
    """Add both tables of a `wandb.JoinedTable`. Pluto cannot join, so the join key is kept in the summary only."""
    entry = {"_type": "joined-table", "join_key": json_value(getattr(join, "_join_key", None))}
    for name in ("table1", "table2"):
        table = getattr(join, f"_{name}", None)
        entry[name] = _add_table(row, f"{key}/{name}", table) if kinds.is_table(table) else str(table)
    row.summary[key] = entry


def add_partitioned_table(row: Row, key: str, table: Any) -> None:
    """Add the rows of all parts of a partitioned table."""
    rows = [list(cells) for _, cells in table.iterrows()]
    if rows:
        first = next(iter(table._loaded_part_entries.values()))
        _add_rows(row, key, first.get_part().columns, rows)
    parts_path = str(getattr(table, "parts_path", ""))
    row.summary[key] = {"_type": "partitioned-table", "parts_path": parts_path, "nrows": len(rows)}


def add_chart(row: Row, key: str, value: Any) -> None:
    """Add the table of a custom chart, and the chart's description for the configuration."""
    chart = charts.read_chart(value)
    table_key = chart.table_key(key)
    entry = _add_table(row, table_key, chart.table)
    row.charts[key] = chart.description(key)
    row.summary[key] = {**entry, "table_key": log_key(table_key)}


# kind -> function that adds such a value to a row
ADDERS: dict[str, Callable[[Row, str, Any], None]] = {
    "table": add_table,
    "joined-table": add_joined_table,
    "partitioned-table": add_partitioned_table,
    "chart": add_chart,
    "data-frame": add_data_frame,
}


def _add_table(row: Row, key: str, table: Any) -> dict[str, Any]:
    """Add the rows of a table and return its entry for the summary."""
    mode = getattr(table, "log_mode", None)
    is_incremental = mode == "INCREMENTAL"
    # Counted here, because the real wandb has marked the rows as logged before this runs.
    first = getattr(table, _CONVERTED_ROWS, 0) if is_incremental else 0
    _add_rows(row, key, table.columns, table.data[first:], type(table), first)
    if is_incremental:
        setattr(table, _CONVERTED_ROWS, len(table.data))
    if hasattr(table, "_mark_logged"):  # our tables; the real wandb marks its own
        table._mark_logged()
    kind = "incremental-table-file" if is_incremental else "table-file"
    entry = {"_type": kind, "ncols": len(table.columns), "nrows": len(table.data), "log_mode": mode}
    for role in ("input_columns", "output_columns", "score_columns"):
        if names := list(getattr(table, f"_{role}", ())):
            entry[role] = names
    return entry


def _add_rows(
    row: Row, key: str, columns: Sequence[Any], rows: Sequence[Any], table_class: Any = None, first: int = 0
) -> None:
    """Copy the rows, which come behind the `first` ones; the documents are encoded later."""
    shown = getattr(table_class, "MAX_ROWS", 10_000)
    kept = getattr(table_class, "MAX_ARTIFACT_ROWS", 200_000)
    table = TableSnapshot([str(column) for column in columns], rows[:kept])
    for column, cells in table.media.items():
        _add_media_column(row, f"{key}/{column}", cells, adds=first > 0)
    row.defer_series(key, "TABLE", partial(table.document, shown, first), table.size)
    if len(rows) <= shown:
        return
    file_key = f"{key}_complete"
    row.defer_files(file_key, "FILE", partial(_table_file, table, row, file_log_key(file_key)))
    row.notices.append(
        f"wandb.log: the table {key!r} has {len(rows)} rows. Pluto shows the first {shown} (wandb.Table.MAX_ROWS);"
        f" {len(table.rows)} are kept in the file {file_log_key(file_key)!r}. This warning appears once."
    )


def _table_file(table: TableSnapshot, row: Row, key: str) -> Iterable[records.Record]:
    yield table.file(row.run_dir, key, row.time, row.step)


def _add_media_column(row: Row, key: str, cells: list[MediaCell], *, adds: bool) -> None:
    """Add the media of a column as the samples of one key, and write the file names into the cells."""
    column = Row(row.step, row.time, row.run_dir, adds=adds)
    names = _add_samples(column, key, [cell.value for cell in cells])
    if names is None:
        column = Row(row.step, row.time, row.run_dir, adds=adds)
        names = [_add_medium(column, f"{key}/{index}", cell.value) for index, cell in enumerate(cells)]
    row.keyed_records.extend(column.keyed_records)
    for cell, name in zip(cells, names, strict=True):
        cell.text = f"{name} {cell.text}" if cell.text else name
        cell.value = None


def _add_samples(row: Row, key: str, values: list[Any]) -> list[str] | None:
    """Add media as samples and return their file names, or None if they cannot be samples."""
    if not kinds.FILE_TYPES.keys() >= {kinds.kind_of(value) for value in values}:
        return None
    try:
        media.add_samples(row, key, values)
    except (OSError, ValueError):  # one is a reference to external storage, or its file is gone
        return None
    entry = row.summary[key]
    return [sample["path"] for sample in entry] if isinstance(entry, list) else list(entry["filenames"])


def _add_medium(row: Row, key: str, value: Any) -> str:
    """Add one medium and return its file name, or the key of a medium that is not a file."""
    try:
        media.ADDERS[kinds.kind_of(value) or ""](row, key, value)
    except (OSError, ValueError):
        return str(getattr(value, "_path", key))
    return str(row.summary[key].get("path", log_key(key)))
