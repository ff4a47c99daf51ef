"""Values at the edges of what can be logged: not finite, large, empty, of numpy, of other types."""

import datetime
import decimal
import enum
import fractions

import numpy

import wandb


class Color(enum.Enum):
    RED = 1


run = wandb.init(project="corpus")
values = {
    "nan": float("nan"),
    "infinity": float("inf"),
    "minus": float("-inf"),
    "none": None,
    "large": 2**70,
    "small": 5e-324,
    "zero": -0.0,
    "text": "words",
    "unicode": "größer ✓",
    "empty": "",
    "long": "x" * 500,
    "float32": numpy.float32(0.1),
    "float16": numpy.float16(2),
    "int64": numpy.int64(7),
    "bool": numpy.bool_(True),
    "scalar": numpy.array(3),
    "one": numpy.array([4.5]),
    "few": numpy.arange(4),
    "many": numpy.arange(100),
    "matrix": numpy.eye(3),
    "list": [1, 2, 3],
    "long_list": list(range(20)),
    "mixed": [1, "two", None],
    "empty_list": [],
    "empty_dict": {},
    "tuple": (1, 2),
    "set": {5},
    "bytes": b"raw",
    "decimal": decimal.Decimal("1.5"),
    "fraction": fractions.Fraction(1, 3),
    "complex": 1 + 2j,
    "date": datetime.date(2026, 1, 2),
    "enum": Color.RED,
    "function": len,
    "object": Color,
}
for key, value in values.items():
    try:
        print(key, run.log({key: value}))
    except Exception as error:
        print(key, type(error).__name__, error)
print(run.step)
run.finish()
