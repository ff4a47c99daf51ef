"""`wandb.Table` and its kin: rows and columns of values, each column of one type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Literal, cast

from wandb._native.tables.keys import (
    _ForeignIndexType,
    _ForeignKeyType,
    _PrimaryKeyType,
    _TableIndex,
    _TableKey,
    _TableLinkMixin,
)
from wandb.errors import Error
from wandb.errors.term import termwarn
from wandb.sdk.data_types import _dtypes
from wandb.sdk.data_types.base_types.media import Media
from wandb.sdk.data_types.base_types.wb_value import WBValue
from wandb.sdk.lib.runid import generate_id
from wandb.util import get_module
from wandb_compat.convert.row import plain

LogMode = Literal["IMMUTABLE", "MUTABLE", "INCREMENTAL"]
_LOG_MODES = ["IMMUTABLE", "MUTABLE", "INCREMENTAL"]

# Classes whose values are all of one type: once a column has taken one of them, it takes them all.
_STEADY = frozenset((str, int, float, bool, type(None), datetime))
# Types that ask for the class of a value alone.
_BY_CLASS = (
    _dtypes.AnyType,
    _dtypes.BooleanType,
    _dtypes.NoneType,
    _dtypes.NumberType,
    _dtypes.StringType,
    _dtypes.TimestampType,
)


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
        columns: list[str | int] | None = None,
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
        if dataframe is None and _is_dataframe(data):
            dataframe = data
        if dataframe is not None:
            assert _is_dataframe(dataframe), "dataframe argument expects a `pandas.core.frame.DataFrame` object"
            columns = list(dataframe.columns)
            data = _rows_of(dataframe)
        else:
            data = rows if data is None else data
            data = [] if data is None else data
            assert isinstance(data, list) or _is_array(data), "data argument expects a `list` object"
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
            self._wrap_keys(self.data[-1])

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
            and _goes_by_class(after)
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
        assert isinstance(data, list) or _is_array(data)
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
            self._wrap_keys(row)
        return True

    def _wrap_keys(self, row: list[Any]) -> None:
        types = self._column_types.params["type_map"]
        for name in self._fk_cols:
            at = self.columns.index(name)
            params = types[name].params
            if isinstance(types[name], _ForeignIndexType) and not isinstance(row[at], _TableIndex):
                row[at] = _TableIndex(row[at])
                row[at].set_table(params["table"])
            elif isinstance(types[name], _ForeignKeyType) and not isinstance(row[at], _TableKey):
                row[at] = _TableKey(row[at])
                row[at].set_table(params["table"], params["col_name"])
        if self._pk_col is not None:
            at = self.columns.index(self._pk_col)
            row[at] = _TableKey(row[at])
            row[at].set_table(self, self._pk_col)

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
            and all(map(_same_row, self.data, other.data))
        )

    __hash__ = None  # type: ignore[assignment] # rows may be added

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

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:
        """Return the table as it stands in an artifact's `.table.json`, or the few words a summary has of it.

        Raises:
            TypeError: the argument is neither a run nor an artifact.
        """
        from wandb.sdk.artifacts.artifact import Artifact
        from wandb.sdk.wandb_run import Run

        shape = {"ncols": len(self.columns), "nrows": len(self.data), "log_mode": self.log_mode}
        if isinstance(run_or_artifact, Run):
            return {"_type": "table-file", **shape}
        if not isinstance(run_or_artifact, Artifact):
            raise TypeError("to_json accepts wandb_run.Run or wandb_artifact.Artifact")
        stored = self._store_arrays(run_or_artifact)
        rows = [
            [None if at in stored else _artifact_form(one, run_or_artifact) for at, one in enumerate(row)]
            for row in self.data[: self.MAX_ARTIFACT_ROWS]
        ]
        types = self._column_types.to_json(run_or_artifact)
        shape["nrows"] = len(rows)
        return {"_type": "table", "column_types": types, "columns": self.columns, "data": rows, **shape}

    def _store_arrays(self, artifact: Any) -> set[int]:
        """Put the columns of arrays into files of an artifact, return which; short vectors stay, as lists."""
        stored = set()
        types = self._column_types.params["type_map"]
        for at, name in enumerate(self.columns):
            array = _array_type(types[name])
            if array is None:
                continue
            shape = array.params["shape"]
            if len(shape) == 1 and shape[0] <= self._MAX_EMBEDDING_DIMENSIONS:
                types[name] = _dtypes.ListType(_dtypes.NumberType, shape[0])
                continue
            import numpy

            with TemporaryDirectory() as folder:
                file = Path(folder, f"{name}_{generate_id()}.npz")
                numpy.savez_compressed(file, **{str(name): self.get_column(name, convert_to="numpy")})
                entry = artifact.add_file(str(file), f"media/serialized_data/{file.name}", is_tmp=True)
            array._serialization_path = {"path": entry.path, "key": str(name)}
            stored.add(at)
        return stored

    @classmethod
    def from_json(cls, json_obj: Mapping[str, Any], source_artifact: Any) -> Table:
        """Return the table of an artifact's `.table.json`."""
        columns, types = list(json_obj["columns"]), None
        dates: set[int] = set()
        arrays: dict[int, Any] = {}
        if (stored := json_obj.get("column_types")) is not None:
            found = _dtypes.TypeRegistry.type_from_dict(stored, source_artifact)
            by_name = {str(name): one for name, one in found.params["type_map"].items()}
            types = [by_name[str(name)] for name in columns]
            dates = {at for at, one in enumerate(types) if _has_dates(one)}
            arrays = {at: _stored_arrays(one, source_artifact) for at, one in enumerate(types) if _is_stored(one)}
        rows = [
            [
                arrays[at][number] if at in arrays else _read_cell(one, at in dates, source_artifact)
                for at, one in enumerate(row)
            ]
            for number, row in enumerate(json_obj["data"])
        ]
        table = cls(columns=columns, data=rows, dtype=types, log_mode=json_obj.get("log_mode", "IMMUTABLE"))
        if types is not None:  # as they were, keys included; the constructor also allows missing values
            table._column_types = _dtypes.TypedDictType(dict(zip(columns, types, strict=True)))
            table._keys_changed()
        return table


def _goes_by_class(row: _dtypes.Type) -> bool:
    """Return whether the classes of a row's values, and not the values, decide whether it fits."""
    return all(isinstance(one, _BY_CLASS) for column in row.params["type_map"].values() for one in _allowed(column))


def _allowed(column: _dtypes.Type) -> list[_dtypes.Type]:
    """Return the types that a column's type unites."""
    return column.params["allowed_types"] if isinstance(column, _dtypes.UnionType) else [column]


def _is_dataframe(value: Any) -> bool:
    cls = type(value)
    return cls.__module__.partition(".")[0] == "pandas" and cls.__name__ == "DataFrame"


def _is_array(value: Any) -> bool:
    return any(one.__module__ == "numpy" and one.__name__ == "ndarray" for one in type(value).__mro__)


def _rows_of(dataframe: Any) -> Iterator[tuple[Any, ...]]:
    columns = [dataframe[name].values for name in dataframe.columns]
    return (tuple(column[at] for column in columns) for at in range(len(dataframe)))


def _same_row(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) and all(map(_same_value, one, other))


def _same_value(one: Any, other: Any) -> bool:
    same = one == other
    return bool(same.all()) if hasattr(same, "all") else bool(same)


def _artifact_form(value: Any, artifact: Any) -> Any:
    """Return a cell as it stands in an artifact: dates in milliseconds, NaN as null, media as their own JSON form."""
    if isinstance(value, WBValue):
        return value.to_json(artifact)
    if isinstance(value, (dict, list, tuple)):
        forms = {key: _artifact_form(one, artifact) for key, one in _items(value)}
        return forms if isinstance(value, dict) else list(forms.values())
    if isinstance(value, float):
        return None if value != value else float(value)
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, datetime):
        return int((value if value.tzinfo else value.replace(tzinfo=timezone.utc)).timestamp() * 1000)
    if isinstance(value, date):
        return int(datetime(value.year, value.month, value.day, tzinfo=timezone.utc).timestamp() * 1000)
    if hasattr(value, "tolist"):
        plain_value = value.tolist()
        if type(value).__name__ == "datetime64" and isinstance(plain_value, int):  # nanoseconds
            return plain_value / 1e6
        return _artifact_form(plain_value, artifact)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else plain(value)


def _items(value: Any) -> Iterable[tuple[Any, Any]]:
    return value.items() if isinstance(value, dict) else enumerate(value)


def _array_type(column: _dtypes.Type) -> _dtypes.NDArrayType | None:
    """Return the type of the arrays in a column, or None when it has none."""
    return next((one for one in _allowed(column) if isinstance(one, _dtypes.NDArrayType)), None)


def _has_dates(column: _dtypes.Type) -> bool:
    return any(isinstance(one, _dtypes.TimestampType) for one in _allowed(column))


def _is_stored(column: _dtypes.Type) -> bool:
    array = _array_type(column)
    return array is not None and array._serialization_path is not None


def _stored_arrays(column: _dtypes.Type, source_artifact: Any) -> Any:
    """Return the arrays of a column from their file in an artifact."""
    import numpy

    array = _array_type(column)
    assert array is not None and array._serialization_path is not None
    where, array._serialization_path = array._serialization_path, None
    return numpy.load(source_artifact.get_entry(where["path"]).download())[where["key"]]


def _read_cell(value: Any, is_date: bool, source_artifact: Any) -> Any:
    if is_date and isinstance(value, (int, float)):
        return datetime.fromtimestamp(value / 1000, tz=timezone.utc)
    if isinstance(value, dict) and "_type" in value:
        return Media.init_from_json(value, source_artifact) or value
    return value


class _Part:
    """A table in an artifact, loaded when it is asked for."""

    def __init__(self, path: str, artifact: Any) -> None:
        self._path = path
        self._artifact = artifact

    def get_part(self) -> Table:
        return cast("Table", self._artifact.get(self._path))


class PartitionedTable(Media):
    """A table in several files: a folder of tables in an artifact.

    In Pluto: kept in artifacts; logged by itself, a table of the rows of all parts.
    """

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

    def to_json(self, artifact_or_run: Any) -> dict[str, Any]:
        """Return what stands for the table in an artifact."""
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

    __hash__ = None  # type: ignore[assignment]


class JoinedTable(Media):
    """Two tables that belong together by a column.

    In Pluto: kept in artifacts; logged by itself, both tables at `KEY/table1` and `KEY/table2`; they are not joined.
    """

    _log_type: ClassVar[str | None] = "joined-table"

    def __init__(self, table1: Any, table2: Any, join_key: Any) -> None:
        """Join two tables.

        Args:
            table1: a table, or the path of one in an artifact (`….table.json`).
            table2: the same.
            join_key: the column's name, or a list of the names in each.

        Raises:
            ValueError: an argument is none of these.
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

    def to_json(self, artifact_or_run: Any) -> dict[str, Any]:
        """Return what stands for the join in an artifact; tables that are not there yet are added to it."""
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
        tables = [source_artifact.get(json_obj[name]) or json_obj[name] for name in ("table1", "table2")]
        return cls(*tables, json_obj["join_key"])

    def bind_to_run(self, *args: Any, **kwargs: Any) -> None:
        """Refuse: a join is a thing of artifacts."""
        raise ValueError("JoinedTables cannot be bound to runs")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JoinedTable) and (
            (self._join_key, self._table1, self._table2) == (other._join_key, other._table1, other._table2)
        )

    __hash__ = None  # type: ignore[assignment]


def _is_table(value: Any) -> bool:
    path = value.ref_url() if hasattr(value, "ref_url") else value
    return isinstance(value, (Table, PartitionedTable)) or (isinstance(path, str) and path.endswith(".table.json"))


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
