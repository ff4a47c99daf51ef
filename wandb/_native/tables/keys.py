"""Keys of tables: values that refer to a row of a table, and the types of columns that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from wandb.sdk.data_types import _dtypes
from wandb.sdk.lib.runid import generate_id

if TYPE_CHECKING:
    from wandb.sdk.data_types.table import Table

TABLE = "wandb.sdk.data_types.table"  # where wandb defines these classes: pickles name that module


class _TableLinkMixin:
    """A value that knows its table."""

    __module__ = TABLE

    _table: Table | None = None

    def set_table(self, table: Table) -> None:
        self._table = table


class _TableKey(str, _TableLinkMixin):
    """A text that identifies a row."""

    __module__ = TABLE

    _col_name: Any = None

    def set_table(self, table: Table, col_name: Any = None) -> None:
        assert col_name in table.columns
        self._table = table
        self._col_name = col_name


class _TableIndex(int, _TableLinkMixin):
    """The index of a row."""

    __module__ = TABLE

    def get_row(self) -> dict[Any, Any]:
        """Return the row as a dict, empty when the table is not known."""
        return dict(zip(self._table.columns, self._table.data[self], strict=False)) if self._table is not None else {}


class _PrimaryKeyType(_dtypes.Type):
    """A column that identifies its table's rows."""

    __module__ = TABLE

    name = "primaryKey"
    legacy_names: ClassVar[list[str]] = ["wandb.TablePrimaryKey"]

    def assign_type(self, wb_type: _dtypes.Type | None = None) -> _dtypes.Type:
        return self if isinstance(wb_type, (_dtypes.StringType, _PrimaryKeyType)) else _dtypes.InvalidType()


class _Foreign(_dtypes.Type):
    """A column that refers to another table."""

    def to_json(self, artifact: Any = None) -> dict[str, Any]:
        """Return the JSON form; the other table is added to the artifact.

        Raises:
            AssertionError: `artifact` is None.
        """
        if artifact is None:
            raise AssertionError(f"{type(self).__name__} does not support serialization without an artifact")
        entry = artifact.add(self.params["table"], f"media/tables/t_{generate_id()}")
        return {"wb_type": self.name, "params": {**self.params, "table": entry.path}}

    @classmethod
    def from_json(cls, json_dict: Mapping[str, Any], artifact: Any = None) -> _dtypes.Type:
        """Return the type with the table that the artifact has.

        Raises:
            AssertionError: `artifact` is None, or has no such table.
        """
        table = None if artifact is None else artifact.get(json_dict["params"]["table"])
        if table is None:
            raise AssertionError("Unable to deserialize referenced table")
        return cls(**{**json_dict["params"], "table": table})


class _ForeignKeyType(_Foreign):
    """A column with keys of another table."""

    __module__ = TABLE

    name = "foreignKey"
    legacy_names: ClassVar[list[str]] = ["wandb.TableForeignKey"]
    types: ClassVar[list[type]] = [_TableKey]

    def __init__(self, table: Any, col_name: Any) -> None:
        assert hasattr(table, "columns")
        assert isinstance(col_name, str)
        assert col_name in table.columns
        self.params.update(table=table, col_name=col_name)

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> _ForeignKeyType:
        return cls(py_obj._table, py_obj._col_name)

    def assign_type(self, wb_type: _dtypes.Type | None = None) -> _dtypes.Type:
        same = isinstance(wb_type, _ForeignKeyType) and (
            wb_type.params["table"] is self.params["table"] and wb_type.params["col_name"] == self.params["col_name"]
        )
        return self if same or isinstance(wb_type, _dtypes.StringType) else _dtypes.InvalidType()


class _ForeignIndexType(_Foreign):
    """A column with row indexes of another table."""

    __module__ = TABLE

    name = "foreignIndex"
    legacy_names: ClassVar[list[str]] = ["wandb.TableForeignIndex"]
    types: ClassVar[list[type]] = [_TableIndex]

    def __init__(self, table: Any) -> None:
        assert hasattr(table, "columns")
        self.params["table"] = table

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> _ForeignIndexType:
        return cls(py_obj._table)

    def assign_type(self, wb_type: _dtypes.Type | None = None) -> _dtypes.Type:
        same = isinstance(wb_type, _ForeignIndexType) and wb_type.params["table"] is self.params["table"]
        return self if same or isinstance(wb_type, _dtypes.NumberType) else _dtypes.InvalidType()


def mark_keys(table: Table, row: list[Any]) -> None:
    """Replace the values of a row's key columns by keys and indexes that know their table."""
    types = table._column_types.params["type_map"]
    for name in table._fk_cols:
        at = table.columns.index(name)
        params = types[name].params
        if isinstance(types[name], _ForeignIndexType) and not isinstance(row[at], _TableIndex):
            row[at] = _TableIndex(row[at])
            row[at].set_table(params["table"])
        elif isinstance(types[name], _ForeignKeyType) and not isinstance(row[at], _TableKey):
            row[at] = _TableKey(row[at])
            row[at].set_table(params["table"], params["col_name"])
    if table._pk_col is not None:
        at = table.columns.index(table._pk_col)
        row[at] = _TableKey(row[at])
        row[at].set_table(table, table._pk_col)


for _type in (_PrimaryKeyType, _ForeignKeyType, _ForeignIndexType):
    _dtypes.TypeRegistry.add(_type)
