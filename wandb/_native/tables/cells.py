"""The cells of a table: how they compare, and their form in an artifact's `.table.json`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from wandb.sdk.data_types import _dtypes
from wandb.sdk.data_types.base_types.media import Media
from wandb.sdk.data_types.base_types.wb_value import WBValue
from wandb.sdk.lib.runid import generate_id
from wandb_compat.convert.json_values import json_value

# Types that look at the class of a value only.
_BY_CLASS = (
    _dtypes.AnyType,
    _dtypes.BooleanType,
    _dtypes.NoneType,
    _dtypes.NumberType,
    _dtypes.StringType,
    _dtypes.TimestampType,
)


def decided_by_class(row: _dtypes.Type) -> bool:
    """Return whether the classes of a row's values, and not the values, decide whether it fits."""
    columns = row.params["type_map"].values()
    return all(isinstance(one, _BY_CLASS) for column in columns for one in allowed_types(column))


def allowed_types(column: _dtypes.Type) -> list[_dtypes.Type]:
    """Return the members of a column's type if it is a union, else the type itself."""
    return column.params["allowed_types"] if isinstance(column, _dtypes.UnionType) else [column]


def is_dataframe(value: Any) -> bool:
    """Return whether a value is a pandas DataFrame, without importing pandas."""
    cls = type(value)
    return cls.__module__.partition(".")[0] == "pandas" and cls.__name__ == "DataFrame"


def is_array(value: Any) -> bool:
    """Return whether a value is a numpy array, without importing numpy."""
    return any(one.__module__ == "numpy" and one.__name__ == "ndarray" for one in type(value).__mro__)


def dataframe_rows(dataframe: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a DataFrame, its values as numpy has them."""
    columns = [dataframe[name].values for name in dataframe.columns]
    return (tuple(column[at] for column in columns) for at in range(len(dataframe)))


def same_row(one: list[Any], other: list[Any]) -> bool:
    """Return whether two rows have equal cells; arrays compare by content."""
    return len(one) == len(other) and all(map(_same_value, one, other))


def _same_value(one: Any, other: Any) -> bool:
    same = one == other
    return bool(same.all()) if hasattr(same, "all") else bool(same)


def to_artifact_json(value: Any, artifact: Any) -> Any:
    """Return a cell as JSON for an artifact: dates in milliseconds, NaN as null, media as their own JSON form."""
    if isinstance(value, WBValue):
        return value.to_json(artifact)
    if isinstance(value, (dict, list, tuple)):
        forms = {key: to_artifact_json(one, artifact) for key, one in _items(value)}
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
        return to_artifact_json(plain_value, artifact)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else json_value(value)


def _items(value: Any) -> Iterable[tuple[Any, Any]]:
    return value.items() if isinstance(value, dict) else enumerate(value)


def array_type(column: _dtypes.Type) -> _dtypes.NDArrayType | None:
    """Return the type of the arrays in a column, or None if it has no arrays."""
    return next((one for one in allowed_types(column) if isinstance(one, _dtypes.NDArrayType)), None)


def _has_dates(column: _dtypes.Type) -> bool:
    return any(isinstance(one, _dtypes.TimestampType) for one in allowed_types(column))


def _is_stored(column: _dtypes.Type) -> bool:
    array = array_type(column)
    return array is not None and array._serialization_path is not None


def store_arrays(table: Any, artifact: Any, longest_vector: int) -> set[int]:
    """Store the columns of arrays as `.npz` files of an artifact.

    Args:
        table: the `wandb.Table`; its column types take up where the arrays are.
        artifact: gets the files.
        longest_vector: vectors up to this length stay in the table, as lists.

    Returns:
        The positions of the columns that were stored.
    """
    stored = set()
    types = table._column_types.params["type_map"]
    for at, name in enumerate(table.columns):
        array = array_type(types[name])
        if array is None:
            continue
        shape = array.params["shape"]
        if len(shape) == 1 and shape[0] <= longest_vector:
            types[name] = _dtypes.ListType(_dtypes.NumberType, shape[0])
            continue
        import numpy

        with TemporaryDirectory() as folder:
            file = Path(folder, f"{name}_{generate_id()}.npz")
            numpy.savez_compressed(file, **{str(name): table.get_column(name, convert_to="numpy")})
            entry = artifact.add_file(str(file), f"media/serialized_data/{file.name}", is_tmp=True)
        array._serialization_path = {"path": entry.path, "key": str(name)}
        stored.add(at)
    return stored


def read_rows(rows: Iterable[list[Any]], types: list[_dtypes.Type] | None, artifact: Any) -> list[list[Any]]:
    """Return the rows of a `.table.json`.

    Args:
        rows: cells in their artifact form, see `to_artifact_json`.
        types: of the columns, or None when the document has none.
        artifact: the artifact that has the files of the cells.
    """
    known = list(enumerate(types or ()))
    dates = {at for at, one in known if _has_dates(one)}
    arrays = {at: _load_arrays(one, artifact) for at, one in known if _is_stored(one)}
    return [
        [arrays[at][number] if at in arrays else _read_cell(one, at in dates, artifact) for at, one in enumerate(row)]
        for number, row in enumerate(rows)
    ]


def _load_arrays(column: _dtypes.Type, source_artifact: Any) -> Any:
    """Return the arrays of a column from their file in an artifact."""
    import numpy

    array = array_type(column)
    assert array is not None and array._serialization_path is not None
    where, array._serialization_path = array._serialization_path, None
    return numpy.load(source_artifact.get_entry(where["path"]).download())[where["key"]]


def _read_cell(value: Any, is_date: bool, source_artifact: Any) -> Any:
    if is_date and isinstance(value, (int, float)):
        return datetime.fromtimestamp(value / 1000, tz=timezone.utc)
    if isinstance(value, dict) and "_type" in value:
        return Media.init_from_json(value, source_artifact) or value
    return value
