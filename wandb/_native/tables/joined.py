"""Tables of an artifact that consist of several: `PartitionedTable` and `JoinedTable`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from wandb._native.types import Table
from wandb.sdk.data_types.base_types.media import Media

TABLE = "wandb.sdk.data_types.table"  # where wandb defines these classes: pickles name that module


class _Part:
    """A table in an artifact, loaded when it is asked for."""

    def __init__(self, path: str, artifact: Any) -> None:
        self._path = path
        self._artifact = artifact

    def get_part(self) -> Any:
        return self._artifact.get(self._path)


class PartitionedTable(Media):
    """A table in several files: a folder of tables in an artifact.

    In Pluto: kept in artifacts; logged by itself, a table of the rows of all parts.
    """

    __module__ = TABLE
    _log_type: ClassVar[str | None] = "partitioned-table"

    def __init__(self, parts_path: str) -> None:
        """Name the folder of the parts.

        Args:
            parts_path: a folder in an artifact.
        """
        super().__init__()
        self.parts_path = parts_path
        self._loaded_part_entries: dict[str, _Part] = {}

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """Yield index and values of every row of every part, one part in memory at a time.

        Raises:
            ValueError: the parts have different columns.
        """
        columns: list[Any] | None = None
        count = 0
        for entry in self._loaded_part_entries.values():
            part = entry.get_part()
            columns = part.columns if columns is None else columns
            if columns != part.columns:
                raise ValueError(f"Table parts have non-matching columns. {columns} != {part.columns}")
            for row in part.data:
                yield count, row
                count += 1

    def to_json(self, artifact_or_run: Any) -> dict[str, Any]:  # type: ignore[override] # wandb names it so
        """Return what represents the table in an artifact."""
        return {"_type": "partitioned-table", "parts_path": self.parts_path}

    @classmethod
    def from_json(cls, json_obj: Mapping[str, Any], source_artifact: Any) -> PartitionedTable:
        """Return the table of a folder of an artifact."""
        table = cls(json_obj["parts_path"])
        for entry in source_artifact.manifest.get_entries_in_directory(table.parts_path):
            table._loaded_part_entries[entry.path] = _Part(entry.path, source_artifact)
        return table

    def bind_to_run(self, *args: Any, **kwargs: Any) -> None:
        """Refuse: the parts stay in their artifact."""
        raise ValueError("PartitionedTables cannot be bound to runs")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, self.__class__) and self.parts_path == other.parts_path

    __hash__ = None


class JoinedTable(Media):
    """Two tables that belong together by a column.

    In Pluto: kept in artifacts; logged by itself, both tables at `KEY/table1` and `KEY/table2`; they are not joined.
    """

    __module__ = TABLE
    _log_type: ClassVar[str | None] = "joined-table"

    def __init__(self, table1: Any, table2: Any, join_key: Any) -> None:
        """Join two tables.

        Args:
            table1: a table, or the path of one in an artifact (`….table.json`).
            table2: the same.
            join_key: the column's name, or a list of the names in each.

        Raises:
            ValueError: an argument is not one of these.
        """
        super().__init__()
        if not isinstance(join_key, str) and not (isinstance(join_key, list) and len(join_key) == 2):
            raise ValueError("JoinedTable join_key should be a string or a list of two strings")
        for name, table in (("table1", table1), ("table2", table2)):
            if not _is_table(table):
                raise ValueError(f"JoinedTable {name} should be an artifact path to a table or wandb.Table object")
        self._table1 = table1
        self._table2 = table2
        self._join_key = join_key

    def to_json(self, artifact_or_run: Any) -> dict[str, Any]:  # type: ignore[override] # wandb names it so
        """Return what represents the join in an artifact; tables that are not there yet are added to it."""
        paths = [
            artifact_or_run.add(table, f"t{number}_{id(self)}").path
            if isinstance(table, (Table, PartitionedTable))
            else table
            for number, table in ((1, self._table1), (2, self._table2))
        ]
        return {"_type": "joined-table", "table1": paths[0], "table2": paths[1], "join_key": self._join_key}

    @classmethod
    def from_json(cls, json_obj: Mapping[str, Any], source_artifact: Any) -> JoinedTable:
        """Return the join of an artifact."""
        table1, table2 = (source_artifact.get(json_obj[name]) or json_obj[name] for name in ("table1", "table2"))
        return cls(table1, table2, json_obj["join_key"])

    def bind_to_run(self, *args: Any, **kwargs: Any) -> None:
        """Refuse: a join is a thing of artifacts."""
        raise ValueError("JoinedTables cannot be bound to runs")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JoinedTable) and (
            (self._join_key, self._table1, self._table2) == (other._join_key, other._table1, other._table2)
        )

    __hash__ = None


def _is_table(value: Any) -> bool:
    path = value.ref_url() if hasattr(value, "ref_url") else value
    return isinstance(value, (Table, PartitionedTable)) or (isinstance(path, str) and path.endswith(".table.json"))
