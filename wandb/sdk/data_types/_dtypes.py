"""The types of a table's columns: what a value is, and whether a column takes it."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from wandb._native import lazy
from wandb.sdk.data_types.base_types.wb_value import WBValue

_PLAIN = {"graph-file", "histogram", "molecule-file", "plotly-file"}  # values that are objects like any other to wandb


class TypeRegistry:
    """Finds the type of a Python object, of a Python class, and of a type's JSON form."""

    _by_name: ClassVar[dict[str, type[Type]]] = {}
    _by_class: ClassVar[dict[type, type[Type]]] = {}

    @staticmethod
    def types_by_name() -> dict[str, type[Type]]:
        """Return the types by their names, old names included."""
        return TypeRegistry._by_name

    @staticmethod
    def types_by_class() -> dict[type, type[Type]]:
        """Return the types by the Python classes that they represent."""
        return TypeRegistry._by_class

    @staticmethod
    def add(wb_type: type[Type]) -> None:
        """Make a type known by its names and classes."""
        TypeRegistry._by_name.update(dict.fromkeys((wb_type.name, *wb_type.legacy_names), wb_type))
        TypeRegistry._by_class.update(dict.fromkeys(wb_type.types, wb_type))

    @staticmethod
    def of_class(cls: type) -> type[Type] | None:
        """Return the type that represents a Python class, or None."""
        known = TypeRegistry._by_class
        if cls not in known and (found := _numpy_type(cls) or _value_type(cls)) is not None:
            known[cls] = found
        return known.get(cls)

    @staticmethod
    def type_of(py_obj: Any) -> Type:
        """Return the type of an object; NaN counts as a missing value."""
        if py_obj.__class__ is float and math.isnan(py_obj):
            return NoneType()
        return (TypeRegistry.of_class(py_obj.__class__) or PythonObjectType).from_obj(py_obj)

    @staticmethod
    def type_from_dict(json_dict: Mapping[str, Any], artifact: Any = None) -> Type:
        """Return the type that `Type.to_json` has written.

        Raises:
            TypeError: it is not one that we know.
        """
        if (name := json_dict.get("wb_type")) is None:
            raise TypeError("json_dict must contain `wb_type` key")
        found = TypeRegistry._by_name.get(name) or _value_type_named(name)
        if found is None:
            raise TypeError(f"missing type handler for {name}")
        return found.from_json(json_dict, artifact)

    @staticmethod
    def type_from_dtype(dtype: Any) -> Type:
        """Return the type that a user means: a type, a class, `[class]`, `{key: class}`, or a constant."""
        if isinstance(dtype, Type):
            return dtype
        if isinstance(dtype, type):
            if issubclass(dtype, Type):
                return dtype()
            handler = TypeRegistry.of_class(dtype)
            return handler() if handler is not None else PythonObjectType.from_obj(dtype)
        if isinstance(dtype, list):
            inner = [TypeRegistry.type_from_dtype(one) for one in dtype]
            return UnionType(inner) if len(inner) > 1 else ListType(inner[0] if inner else None)
        if isinstance(dtype, dict):
            return TypedDictType(dtype)
        return ConstType(dtype)


def _numpy_type(cls: type) -> type[Type] | None:
    # By name first: code that made such an object has imported the library.
    if cls.__module__.partition(".")[0] != "numpy":
        return None
    import numpy

    if cls is numpy.ndarray:
        return NDArrayType
    if issubclass(cls, numpy.number) and not issubclass(cls, numpy.timedelta64):
        return NumberType
    return {numpy.bool_: BooleanType, numpy.datetime64: TimestampType}.get(cls)


def _value_type(cls: type) -> type[Type] | None:
    """Return a type for a class of wandb's values that has no type: one without parameters."""
    name = getattr(cls, "_log_type", None)
    if not name or name in _PLAIN or not issubclass(cls, WBValue):
        return None
    if name == "image-file":  # a subclass of Image
        return TypeRegistry._by_name[name]
    made = type(f"_{cls.__name__}Type", (Type,), {"name": name, "types": [cls]})
    TypeRegistry.add(made)
    return made


def _value_type_named(name: str) -> type[Type] | None:
    """Return the type that a class of wandb's values has under a name, or None when there is no such class."""
    lazy.load("wandb", "data_types")  # loads every class of value with its type
    if name in TypeRegistry._by_name:
        return TypeRegistry._by_name[name]
    cls = WBValue.type_mapping().get(name)
    return None if cls is None else TypeRegistry.of_class(cls)


class Type:
    """Base of all types: a name, parameters, and the rule which objects and types fit."""

    name: ClassVar[str] = ""
    legacy_names: ClassVar[list[str]] = []
    types: ClassVar[list[type]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    @property
    def params(self) -> dict[str, Any]:
        """What distinguishes this type from others of its name."""
        params: dict[str, Any] = vars(self).setdefault("_params", {})
        return params

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> Type:
        """Return the type of an object that this class represents."""
        return cls()

    def assign(self, py_obj: Any = None) -> Type:
        """Return what the type becomes when it takes an object; InvalidType if it does not."""
        return self.assign_type(TypeRegistry.type_of(py_obj))

    def assign_type(self, wb_type: Type) -> Type:
        """Return what the type becomes when it takes another type; InvalidType if it does not."""
        fits = isinstance(wb_type, self.__class__) and self.params == wb_type.params
        return self if fits else InvalidType()

    def explain(self, other: Any, depth: int = 0) -> str:
        """Return why an object does not fit, for people."""
        gap = "\t" * depth
        found = TypeRegistry.type_of(other)
        if depth > 0:
            return f"{gap}{found} not assignable to {self}"
        return f"{gap}{other} of type {found} is not assignable to {self}"

    def to_json(self, artifact: Any = None) -> dict[str, Any]:
        """Return the JSON form, as it stands in a table of an artifact."""
        params = _json_params(self.params, artifact)
        return {"wb_type": self.name, "params": params} if params else {"wb_type": self.name}

    @classmethod
    def from_json(cls, json_dict: Mapping[str, Any], artifact: Any = None) -> Type:
        """Return the type of a JSON form."""
        return cls(**_read_params(json_dict.get("params", {}), artifact))

    def __repr__(self) -> str:
        inside = ", ".join(f"{key}:{value}" for key, value in self.params.items())
        return self.name.capitalize() + (f"({inside})" if inside else "")

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Type) and self.name == other.name and self.params == other.params)

    __hash__ = None  # type: ignore[assignment] # parameters may change


def _json_params(value: Any, artifact: Any) -> Any:
    if isinstance(value, Type):
        return value.to_json(artifact)
    if isinstance(value, dict):
        return {key: _json_params(one, artifact) for key, one in value.items()}
    if isinstance(value, (list, set, tuple, frozenset)):
        return [_json_params(one, artifact) for one in value]
    return value


def _read_params(value: Any, artifact: Any) -> Any:
    if isinstance(value, dict):
        if "wb_type" in value:
            return TypeRegistry.type_from_dict(value, artifact)
        return {key: _read_params(one, artifact) for key, one in value.items()}
    if isinstance(value, list):
        return [_read_params(one, artifact) for one in value]
    return value


class InvalidType(Type):
    """What does not fit; nothing fits it either."""

    name = "invalid"

    def assign_type(self, wb_type: Type) -> Type:
        return self


class AnyType(Type):
    """Takes everything but a missing value."""

    name = "any"

    def assign_type(self, wb_type: Type) -> Type:
        return InvalidType() if isinstance(wb_type, (NoneType, InvalidType)) else self


class UnknownType(Type):
    """Not known yet: becomes the type of the first value that is not missing."""

    name = "unknown"

    def assign_type(self, wb_type: Type) -> Type:
        return InvalidType() if isinstance(wb_type, NoneType) else wb_type


class NoneType(Type):
    """A missing value."""

    name = "none"
    types: ClassVar[list[type]] = [type(None)]


class StringType(Type):
    """Text."""

    name = "string"
    types: ClassVar[list[type]] = [str]


class NumberType(Type):
    """A number, numpy's scalars included."""

    name = "number"
    types: ClassVar[list[type]] = [int, float]


class TimestampType(Type):
    """A date or a moment."""

    name = "timestamp"
    types: ClassVar[list[type]] = [datetime.datetime, datetime.date]


class BooleanType(Type):
    """True or false."""

    name = "boolean"
    types: ClassVar[list[type]] = [bool]


class PythonObjectType(Type):
    """An object of some other class."""

    name = "pythonObject"
    legacy_names: ClassVar[list[str]] = ["object"]

    def __init__(self, class_name: str) -> None:
        self.params["class_name"] = class_name

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> PythonObjectType:
        return cls(py_obj.__class__.__name__)


class ConstType(Type):
    """One value, or a set of values."""

    name = "const"

    def __init__(self, val: Any = None, is_set: bool | None = False) -> None:
        many = bool(is_set) or isinstance(val, set)
        self.params.update(val=set(val) if many else val, is_set=True if many else is_set)

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> ConstType:
        return cls(py_obj)

    def assign(self, py_obj: Any = None) -> Type:
        return self.assign_type(ConstType(py_obj))

    def __repr__(self) -> str:
        return str(self.params["val"])


class UnionType(Type):
    """One of several types, in the order of their names."""

    name = "union"

    def __init__(self, allowed_types: Sequence[Any] | None = None) -> None:
        assert allowed_types is None or isinstance(allowed_types, list)
        self.params["allowed_types"] = _flat(TypeRegistry.type_from_dtype(one) for one in allowed_types or [])

    def assign(self, py_obj: Any = None) -> Type:
        return self._with(_settle(self.params["allowed_types"], lambda allowed: allowed.assign(py_obj)))

    def assign_type(self, wb_type: Type) -> Type:
        settled: list[Type] | None = self.params["allowed_types"]
        incoming: list[Type] = wb_type.params["allowed_types"] if isinstance(wb_type, UnionType) else [wb_type]
        for one in incoming:
            if settled is not None:
                settled = _settle(settled, partial(_assign_type, incoming=one))
        return self._with(settled)

    def _with(self, allowed: list[Type] | None) -> Type:
        return InvalidType() if allowed is None else UnionType(allowed)

    def explain(self, other: Any, depth: int = 0) -> str:
        reasons = [one.explain(other, depth + 1) for one in self.params["allowed_types"]]
        return super().explain(other, depth) + "\n" + f"\n{chr(9) * depth}and\n".join(reasons)

    def __repr__(self) -> str:
        return " or ".join(map(str, self.params["allowed_types"]))


def _assign_type(allowed: Type, incoming: Type) -> Type:
    return allowed.assign_type(incoming)


def _flat(types: Iterable[Type]) -> list[Type]:
    flat: list[Type] = []
    for one in types:
        flat.extend(_flat(one.params["allowed_types"]) if isinstance(one, UnionType) else [one])
    return sorted(flat, key=str)


def _settle(allowed: list[Type], assign: Callable[[Type], Type]) -> list[Type] | None:
    """Return the types after one has taken what comes: the first known one that fits, else an unknown; None if none."""
    known = sorted(range(len(allowed)), key=lambda index: isinstance(allowed[index], UnknownType))
    for index in known:
        result = assign(allowed[index])
        if not isinstance(result, InvalidType):
            return [*allowed[:index], result, *allowed[index + 1 :]]
    return None


def OptionalType(dtype: Any) -> UnionType:
    """Return the type that also takes missing values."""
    return UnionType([TypeRegistry.type_from_dtype(dtype), NoneType()])


class ListType(Type):
    """A list of values of one type."""

    name = "list"
    types: ClassVar[list[type]] = [list, tuple, set, frozenset]

    def __init__(self, element_type: Any = None, length: int | None = None) -> None:
        element = UnknownType() if element_type is None else TypeRegistry.type_from_dtype(element_type)
        self.params.update(element_type=element, length=length)

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> ListType:
        items = py_obj.tolist() if hasattr(py_obj, "tolist") else list(py_obj)
        element: Type = OptionalType(UnknownType()) if any(one is None for one in items) else UnknownType()
        for one in items:
            element = element.assign(one)
        return cls(element, len(items))

    def assign(self, py_obj: Any = None) -> Type:
        if not hasattr(py_obj, "__iter__"):
            return InvalidType()
        items = list(py_obj)
        element = self.params["element_type"]
        for one in items:
            element = element.assign(one)
            if isinstance(element, InvalidType):
                return element
        return ListType(element, len(items))

    def assign_type(self, wb_type: Type) -> Type:
        if not isinstance(wb_type, ListType):
            return InvalidType()
        element = self.params["element_type"].assign_type(wb_type.params["element_type"])
        if isinstance(element, InvalidType):
            return element
        length = self.params["length"]
        return ListType(element, length if length == wb_type.params["length"] else None)

    def explain(self, other: Any, depth: int = 0) -> str:
        text = super().explain(other, depth)
        if isinstance(other, (list, tuple, set, frozenset)):
            element = self.params["element_type"]
            for index, one in enumerate(other):
                result = element.assign(one)
                if isinstance(result, InvalidType):
                    return f"{text}\n{chr(9) * depth}Index {index}:\n{element.explain(one, depth + 1)}"
                element = result
        return text

    def __repr__(self) -> str:
        return f"{self.params['element_type']}[]"


class NDArrayType(Type):
    """A numpy array of one shape."""

    name = "ndarray"

    def __init__(self, shape: Sequence[int], serialization_path: dict[str, str] | None = None) -> None:
        self.params["shape"] = list(shape)
        self._serialization_path = serialization_path

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> NDArrayType:
        if hasattr(py_obj, "shape"):
            return cls(py_obj.shape)
        shape = []
        while isinstance(py_obj, list):
            shape.append(len(py_obj))
            py_obj = py_obj[0] if py_obj else None
        return cls(shape)

    def assign(self, py_obj: Any = None) -> Type:
        known = isinstance(py_obj, list) or TypeRegistry.of_class(py_obj.__class__) is NDArrayType
        return self.assign_type(self.from_obj(py_obj)) if known else InvalidType()

    def assign_type(self, wb_type: Type) -> Type:
        same = isinstance(wb_type, NDArrayType) and self.params["shape"] == wb_type.params["shape"]
        return self if same or isinstance(wb_type, ListType) else InvalidType()

    def to_json(self, artifact: Any = None) -> dict[str, Any]:
        params = {"shape": self.params["shape"], "serialization_path": self._serialization_path}
        return {"wb_type": self.name, "params": params}


class TypedDictType(Type):
    """A dict with a type for each key."""

    name = "typedDict"
    legacy_names: ClassVar[list[str]] = ["dictionary"]
    types: ClassVar[list[type]] = [dict]

    def __init__(self, type_map: Mapping[Any, Any] | None = None) -> None:
        self.params["type_map"] = {k: TypeRegistry.type_from_dtype(dtype) for k, dtype in (type_map or {}).items()}

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> TypedDictType:
        if not isinstance(py_obj, dict):
            raise TypeError("TypedDictType.from_obj expects a dictionary")
        return cls({key: TypeRegistry.type_of(one) for key, one in py_obj.items()})

    def assign(self, py_obj: Any = None) -> Type:
        if not isinstance(py_obj, dict):
            return InvalidType()
        return self._each(py_obj, lambda known, key: known.assign(py_obj.get(key)))

    def assign_type(self, wb_type: Type) -> Type:
        if not isinstance(wb_type, TypedDictType):
            return InvalidType()
        types = wb_type.params["type_map"]
        return self._each(types, lambda known, key: known.assign_type(types.get(key, UnknownType())))

    def _each(self, incoming: Mapping[Any, Any], assign: Callable[[Type, Any], Type]) -> Type:
        known = self.params["type_map"]
        if incoming.keys() - known.keys():
            return InvalidType()
        result = {}
        for key, one in known.items():
            result[key] = assign(one, key)
            if isinstance(result[key], InvalidType):
                return InvalidType()
        return TypedDictType(result)

    def explain(self, other: Any, depth: int = 0) -> str:
        text = super().explain(other, depth)
        if not isinstance(other, dict):
            return text
        gap = "\t" * depth
        if extra := other.keys() - self.params["type_map"].keys():
            text += f"\n{gap}Found extra keys: {','.join(extra)}"
        for key, known in self.params["type_map"].items():
            if isinstance(known.assign(other.get(key)), InvalidType):
                text += f"\n{gap}Key '{key}':\n{known.explain(other.get(key), depth + 1)}"
        return text

    def __repr__(self) -> str:
        return str(self.params["type_map"])


for _type in (
    InvalidType,
    AnyType,
    UnknownType,
    NoneType,
    StringType,
    TimestampType,
    NumberType,
    BooleanType,
    ListType,
    TypedDictType,
    UnionType,
    PythonObjectType,
    ConstType,
    NDArrayType,
):
    TypeRegistry.add(_type)

__all__ = [
    "AnyType",
    "BooleanType",
    "ConstType",
    "InvalidType",
    "ListType",
    "NDArrayType",
    "NoneType",
    "NumberType",
    "OptionalType",
    "PythonObjectType",
    "StringType",
    "TimestampType",
    "Type",
    "TypeRegistry",
    "TypedDictType",
    "UnionType",
    "UnknownType",
]
