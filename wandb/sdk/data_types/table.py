"""`wandb.Table`: rows and columns of values, each column of one type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal

from wandb._native.tables import cells
from wandb._native.tables.joined import JoinedTable as JoinedTable
from wandb._native.tables.joined import PartitionedTable as PartitionedTable
from wandb._native.tables.keys import (
    _ForeignIndexType,
    _ForeignKeyType,
    _PrimaryKeyType,
    _TableIndex,
    _TableLinkMixin,
    mark_keys,
)
from wandb._native.tables.keys import _TableKey as _TableKey
from wandb._native.types import Artifact, Run
from wandb.errors import Error
from wandb.errors.term import termwarn
from wandb.sdk.data_types import _dtypes
from wandb.sdk.data_types.base_types.media import Media
from wandb.util import get_module

LogMode = Literal["IMMUTABLE", "MUTABLE", "INCREMENTAL"]
_LOG_MODES = ["IMMUTABLE", "MUTABLE", "INCREMENTAL"]

# Classes whose values are all of one type: once a column has taken one of them, it takes them all.
_STEADY = frozenset((str, int, float, bool, type(None), datetime))


class Table(Media):
    """Rows and columns of values: numbers, text, lists, arrays, media.

    In Pluto: a table document of at most `MAX_ROWS` rows, all of a longer table as the file `KEY_complete`; media in
    cells go up as files of `KEY/COLUMN` and the cell names them.

    A column takes values of one type, found from its first value, and missing values (None, NaN).

    Example:
        >>> table = wandb.Table(columns=["text", "score"], data=[["a", 0.5]])
        >>> table.add_data("b", 0.7)
        >>> run.log({"predictions": table})
    """

    MAX_ROWS = 10_000  # shown of one logged table; scripts assign to it
    MAX_ARTIFACT_ROWS = 200_000  # kept of one logged table
    _MAX_EMBEDDING_DIMENSIONS = 150
    _log_type: ClassVar[str | None] = "table"

    data: list[list[Any]]
    columns: list[Any]

    def __init__(
        self,
        columns: Sequence[str | int] | None = None,
        data: Any = None,
        rows: list[Iterable[Any]] | None = None,
        dataframe: Any = None,
        dtype: Any = None,
        optional: bool | list[bool] = True,
        allow_mixed_types: bool = False,
        log_mode: LogMode | None = "IMMUTABLE",
    ) -> None:
        """Make a table.

        Args:
            columns: names; by default Input, Output, Expected.
            data: a list of rows, a numpy array of two dimensions, or a pandas DataFrame, which names the columns.
            rows: a list of rows, as `data` was called once.
            dataframe: a pandas DataFrame; `data` and `columns` are ignored.
            dtype: one type for all columns or a list of types: Python classes, classes of wandb's values, constants.
            optional: whether missing values are allowed, for all columns or a list.
            allow_mixed_types: True allows everything in every column.
            log_mode: INCREMENTAL sends the rows that are new since the last log only, the others the whole table.

        Raises:
            TypeError: a value does not fit its column.
            ValueError: a row does not have as many values as there are columns.
            AssertionError: an argument is of another type than described.
        """
        super().__init__()
        assert log_mode in _LOG_MODES, f"Invalid log_mode: {log_mode}. Must be one of {_LOG_MODES}"
        self.log_mode = log_mode
        self._last_logged_idx: int | None = None
        self._mutation_told = False
        self._pk_col: Any = None
        self._fk_cols: set[Any] = set()
        self.data = []
        if dataframe is None and cells.is_dataframe(data):
            dataframe = data
        if dataframe is not None:
            assert cells.is_dataframe(dataframe), "dataframe argument expects a `pandas.core.frame.DataFrame` object"
            columns = list(dataframe.columns)
            data = cells.dataframe_rows(dataframe)
        else:
            data = rows if data is None else data
            data = [] if data is None else data
            assert isinstance(data, list) or cells.is_array(data), "data argument expects a `list` object"
        columns = ["Input", "Output", "Expected"] if columns is None else columns
        assert isinstance(columns, list), "columns argument expects a `list` object"
        self.columns = list(columns)
        assert all(type(one) in (str, int) for one in self.columns), "columns argument expects list of strings or ints"
        self._make_column_types(_dtypes.AnyType if allow_mixed_types else dtype, optional)
        self.add_rows(*data)

    def _make_column_types(self, dtype: Any, optional: bool | list[bool]) -> None:
        dtype = _dtypes.UnknownType() if dtype is None else dtype
        many = len(self.columns)
        self._column_types: _dtypes.Type = _dtypes.TypedDictType({})
        # Pairs as far as both lists reach, as wandb does.
        types = dtype if isinstance(dtype, list) else [dtype] * many
        optionals = optional if isinstance(optional, list) else [optional] * many
        for name, one, may_miss in zip(self.columns, types, optionals, strict=False):
            self.cast(name, one, may_miss)

    # Rows

    def add_data(self, *data: Any) -> None:
        """Add a row.

        Raises:
            ValueError: it does not have as many values as there are columns.
            TypeError: a value does not fit its column.
        """
        self._before_change()
        if self._is_alike(data):
            self.data.append(list(data))
            return
        if len(data) != len(self.columns):
            raise ValueError(f"This table expects {len(self.columns)} columns: {self.columns}, found {len(data)}")
        for name, value in zip(self.columns, data, strict=True):
            if isinstance(value, _TableLinkMixin):
                self.cast(name, _dtypes.TypeRegistry.type_of(value), optional=False)
        self._take_types(data)
        self.data.append(list(data))
        if not self._keys_changed() and (self._fk_cols or self._pk_col is not None):
            mark_keys(self, self.data[-1])

    def add_row(self, *row: Any) -> None:
        """Add a row, as `add_data` was called once."""
        self.add_data(*row)

    def add_rows(self, *rows: Iterable[Any]) -> None:
        """Add several rows."""
        self._before_change()
        for row in rows:
            if type(row) is list and self._is_alike(row):
                self.data.append(row.copy())
            else:
                self.add_data(*row)

    def _is_alike(self, row: Sequence[Any]) -> bool:
        """Whether a row can be added past all rules, for its classes are known to change nothing."""
        floats = self._known_rows.get(tuple(map(type, row)))
        if floats is None:
            return False
        for at in floats:  # noqa: SIM110 - a generator would cost as much as all the rest
            if row[at] != row[at]:  # NaN counts as missing
                return False
        return True

    def _take_types(self, row: Sequence[Any]) -> None:
        """Let the columns' types take a row."""
        values = dict(zip(self.columns, row, strict=True))
        before = self._column_types
        after = before.assign(values)
        if isinstance(after, _dtypes.InvalidType):
            raise TypeError(f"Data row contained incompatible types:\n{before.explain(values)}")
        self._column_types = after
        classes = tuple(map(type, row))
        if (
            _STEADY.issuperset(classes)
            and all(value == value for value in row)
            and after == before
            and not self._fk_cols
            and self._pk_col is None
            and cells.decided_by_class(after)
        ):
            self._known_rows[classes] = [at for at, one in enumerate(classes) if one is float]

    # Columns

    def add_column(self, name: str, data: Any, optional: bool = False) -> None:
        """Add a column.

        Args:
            name: its name, a new one.
            data: a list or a numpy array with one value a row.
            optional: whether missing values are allowed.

        Raises:
            TypeError: the values are not of one type.
            AssertionError: the name is taken, or the number of values another than that of rows.
            wandb.Error: the table is INCREMENTAL.
        """
        self._refuse_incremental("add_column")
        self._before_change()
        assert isinstance(name, str) and name not in self.columns
        assert isinstance(data, list) or cells.is_array(data)
        assert isinstance(optional, bool)
        first = not self.columns
        assert first or len(data) == len(self.data), f"Expected length {len(self.data)}, found {len(data)}"
        before = self.columns, self.data
        columns = [*self.columns, name]
        rows = self.data or [[] for _ in data]
        extended = [[*row, value] for row, value in zip(rows, data, strict=False)]
        self.columns, self.data = columns, extended
        try:
            self.cast(name, _dtypes.UnknownType(), optional=optional)
        except TypeError:
            self.columns, self.data = before
            raise

    def add_computed_columns(self, fn: Callable[[int, dict[Any, Any]], dict[str, Any]]) -> None:
        """Add columns that follow from those that are there.

        Args:
            fn: takes a row's index and the row as a dict, returns a dict with the new values.

        Raises:
            wandb.Error: the table is INCREMENTAL.
        """
        self._refuse_incremental("add_computed_columns")
        new: dict[str, list[Any]] = {}
        for index, row in self.iterrows():
            computed = fn(index, dict(zip(self.columns, row, strict=False)))
            assert isinstance(computed, dict)
            for name, value in computed.items():
                new.setdefault(name, []).append(value)
        for name, values in new.items():
            self.add_column(name, values)

    def cast(self, col_name: str | int, dtype: Any, optional: bool = False) -> _dtypes.Type:
        """Give a column a type.

        Args:
            col_name: the column.
            dtype: as for the table.
            optional: whether missing values are allowed.

        Returns:
            The type after it has taken what is in the column.

        Raises:
            TypeError: a value that is there does not fit.
        """
        self._before_change()
        assert col_name in self.columns
        wbtype = _dtypes.TypeRegistry.type_from_dtype(dtype)
        if optional:
            wbtype = _dtypes.OptionalType(wbtype)
        for value in self.get_column(col_name):
            result = wbtype.assign(value)
            if isinstance(result, _dtypes.InvalidType):
                found = _dtypes.TypeRegistry.type_of(value)
                raise TypeError(f"Existing data {value}, of type {found} cannot be cast to {wbtype}")
            wbtype = result
        if isinstance(wbtype, (_PrimaryKeyType, _ForeignKeyType, _ForeignIndexType)):
            assert not optional, "Primary keys, foreign keys, and foreign indexes cannot be optional."
        if isinstance(wbtype, _ForeignKeyType) and wbtype.params["table"] is self:
            raise AssertionError("Cannot set a foreign table reference to same table.")
        if isinstance(wbtype, _PrimaryKeyType):
            assert self._pk_col is None, (
                f"Cannot have multiple primary keys - {self._pk_col} is already set as the primary key."
            )
        self._column_types.params["type_map"][col_name] = wbtype
        # Classes of rows that change no type, and where floats stand in them.
        self._known_rows: dict[tuple[type, ...], list[int]] = {}
        self._keys_changed()
        return wbtype

    def set_pk(self, col_name: str | int) -> None:
        """Make a column the one that identifies a row."""
        assert col_name in self.columns
        self.cast(col_name, _PrimaryKeyType())

    def set_fk(self, col_name: str | int, table: Table, table_col: str) -> None:
        """Let a column refer to a column of another table."""
        assert col_name in self.columns
        assert col_name != self._pk_col
        self.cast(col_name, _ForeignKeyType(table, table_col))

    def _keys_changed(self) -> bool:
        """Take in which columns are keys; if others than before, mark their values as keys."""
        types = self._column_types.params["type_map"]
        primary = next((name for name, one in types.items() if isinstance(one, _PrimaryKeyType)), None)
        foreign = {name for name, one in types.items() if isinstance(one, (_ForeignKeyType, _ForeignIndexType))}
        if (primary, foreign) == (self._pk_col, self._fk_cols):
            return False
        if primary is None and self._pk_col is not None:
            raise AssertionError(f"Cannot unset primary key (column {self._pk_col})")
        if lost := self._fk_cols - foreign:
            raise AssertionError(f"Cannot unset foreign key. Attempted to unset ({lost})")
        self._pk_col, self._fk_cols = primary, foreign
        for row in self.data:
            mark_keys(self, row)
        return True

    # Reading

    def get_column(self, name: str | int, convert_to: Literal["numpy"] | None = None) -> Any:
        """Return the values of a column as a list, or as a numpy array with `convert_to="numpy"`."""
        assert name in self.columns
        assert convert_to is None or convert_to == "numpy"
        at = self.columns.index(name)
        column = [row[at] for row in self.data]
        if convert_to is None:
            return column
        numpy = get_module("numpy", required="Converting to NumPy requires installing NumPy")
        return numpy.array([one.to_data_array() if isinstance(one, Media) else one for one in column])

    def get_index(self) -> list[_TableIndex]:
        """Return the rows' indexes; in a column of another table they refer to this one."""
        return [self._index(at) for at in range(len(self.data))]

    def index_ref(self, index: int) -> _TableIndex:
        """Return the index of one row."""
        assert index < len(self.data)
        return self._index(index)

    def _index(self, at: int) -> _TableIndex:
        index = _TableIndex(at)
        index.set_table(self)
        return index

    def iterrows(self) -> Iterator[tuple[_TableIndex, list[Any]]]:
        """Yield each row's index and its values."""
        for at in range(len(self.data)):
            yield self._index(at), self.data[at]

    def get_dataframe(self) -> Any:
        """Return the table as a pandas DataFrame.

        Raises:
            wandb.Error: pandas is not installed.
        """
        pandas = get_module("pandas", required="Converting to pandas.DataFrame requires installing pandas")
        return pandas.DataFrame.from_records(self.data, columns=self.columns)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Table)
            and len(self.data) == len(other.data)
            and self.columns == other.columns
            and self._column_types == other._column_types
            and all(map(cells.same_row, self.data, other.data))
        )

    __hash__ = None  # rows may be added

    # Logging

    def has_been_logged(self) -> bool:
        """Return whether the table has been logged to a run."""
        return self._last_logged_idx is not None

    def _mark_logged(self) -> None:
        """Take in that a run has the table as it is now."""
        self._last_logged_idx = len(self.data) - 1

    def _before_change(self) -> None:
        if self.log_mode == "IMMUTABLE" and self._last_logged_idx is not None and not self._mutation_told:
            self._mutation_told = True
            termwarn(
                "A Table with log_mode='IMMUTABLE' changes after it was logged. Pluto gets the new table when it is"
                " logged again; wandb would keep the first. log_mode='MUTABLE' says that this is what you mean."
            )

    def _refuse_incremental(self, method: str) -> None:
        if self.log_mode == "INCREMENTAL":
            raise Error(
                f"Operation '{method}' is not supported for tables with log_mode='INCREMENTAL'."
                " Use a different log mode like 'MUTABLE' or 'IMMUTABLE'."
            )

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:  # type: ignore[override] # wandb names it so
        """Return the table as in an artifact's `.table.json`, or its short form in a summary.

        Raises:
            TypeError: the argument is neither a run nor an artifact.
        """
        shape = {"ncols": len(self.columns), "nrows": len(self.data), "log_mode": self.log_mode}
        if isinstance(run_or_artifact, Run):
            return {"_type": "table-file", **shape}
        if not isinstance(run_or_artifact, Artifact):
            raise TypeError("to_json accepts wandb_run.Run or wandb_artifact.Artifact")
        stored = cells.store_arrays(self, run_or_artifact, self._MAX_EMBEDDING_DIMENSIONS)
        rows = [
            [None if at in stored else cells.to_artifact_json(one, run_or_artifact) for at, one in enumerate(row)]
            for row in self.data[: self.MAX_ARTIFACT_ROWS]
        ]
        types = self._column_types.to_json(run_or_artifact)
        shape["nrows"] = len(rows)
        return {"_type": "table", "column_types": types, "columns": self.columns, "data": rows, **shape}

    @classmethod
    def from_json(cls, json_obj: Mapping[str, Any], source_artifact: Any) -> Table:
        """Return the table of an artifact's `.table.json`."""
        columns, types = list(json_obj["columns"]), None
        if (stored := json_obj.get("column_types")) is not None:
            found = _dtypes.TypeRegistry.type_from_dict(stored, source_artifact)
            by_name = {str(name): one for name, one in found.params["type_map"].items()}
            types = [by_name[str(name)] for name in columns]
        rows = cells.read_rows(json_obj["data"], types, source_artifact)
        table = cls(columns=columns, data=rows, dtype=types, log_mode=json_obj.get("log_mode", "IMMUTABLE"))
        if types is not None:  # as they were, keys included; the constructor also allows missing values
            table._column_types = _dtypes.TypedDictType(dict(zip(columns, types, strict=True)))
            table._keys_changed()
        return table


class _TableType(_dtypes.Type):
    """A table in a cell."""

    name = "table"
    legacy_names: ClassVar[list[str]] = ["wandb.Table"]
    types: ClassVar[list[type]] = [Table]

    def __init__(self, column_types: Any = None) -> None:
        known = _dtypes.UnknownType() if column_types is None else column_types
        if isinstance(known, dict):
            known = _dtypes.TypedDictType(known)
        if not isinstance(known, (_dtypes.TypedDictType, _dtypes.UnknownType)):
            raise TypeError("column_types must be a dict or TypedDictType")
        self.params["column_types"] = known

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> _TableType:
        if not isinstance(py_obj, Table):
            raise TypeError("py_obj must be a wandb.Table")
        return cls(py_obj._column_types)

    def assign_type(self, wb_type: _dtypes.Type) -> _dtypes.Type:
        if not isinstance(wb_type, _TableType):
            return _dtypes.InvalidType()
        merged = self.params["column_types"].assign_type(wb_type.params["column_types"])
        return merged if isinstance(merged, _dtypes.InvalidType) else _TableType(merged)


_dtypes.TypeRegistry.add(_TableType)
