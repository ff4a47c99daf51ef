"""Logs one value of every kind with the real wandb, converts it as we do, and prints what it came to as JSON."""

import collections
import dataclasses
import enum
import json
import os
import sys
import tempfile
import warnings
from importlib import import_module
from pathlib import Path

import numpy as np

import wandb


class Colour(enum.Enum):
    """An enum of numbers."""

    RED = 3


class Level(enum.IntEnum):
    """An enum that is a number."""

    HIGH = 7


class Word(str, enum.Enum):
    """An enum that is a text."""

    HELLO = "hello"


@dataclasses.dataclass
class Data:
    """Values with names."""

    a: int = 1


Named = collections.namedtuple("Named", "a b")
LIBRARIES = {
    "jnp": "jax.numpy",
    "keras": "keras",
    "np": "numpy",
    "pd": "pandas",
    "tf": "tensorflow",
    "torch": "torch",
    **{name: name for name in ("collections", "datetime", "decimal", "fractions", "math", "uuid")},
}

VALUES = r"""
1
True
0.5
float('nan')
float('-inf')
10**30
2**63
-2**63
1+2j
None
"text"
""
"\ud800 lone"
b"bytes"
bytearray(b"bytes")
decimal.Decimal("1.5")
decimal.Decimal("NaN")
fractions.Fraction(1, 4)
Colour.RED
Level.HIGH
Word.HELLO
datetime.datetime(2020, 1, 2, 3, 4, 5)
datetime.date(2020, 1, 2)
datetime.time(3, 4)
datetime.timedelta(seconds=3)
uuid.UUID(int=5)
object()
Exception("x")
...
slice(1, 2)
Data()
Named(1, 2)
Named
len
math.sin
range(0)
range(3)
[]
()
{}
[1, 2]
(1, 2)
[1, "x"]
[1, None]
[[1, 2], [3, 4]]
[True, False]
[float('nan'), 1]
[1 + 2j]
[object()]
{"a": object()}
[{"a": 1}]
{1, 2}
set()
frozenset([1, 2])
{"a": 1, "b": {"c": 2}}
{1: 2}
{"a": None}
(x for x in range(3))
map(abs, [1, 2])
collections.deque([1, 2])
collections.OrderedDict(a=1)
list(range(100))
np.int8(1)
np.uint64(2**64 - 1)
np.float16(0.5)
np.float32(0.1)
np.float64('nan')
np.longdouble(0.5)
np.bool_(True)
np.complex64(1 + 2j)
np.str_("text")
np.bytes_(b"x")
np.void(b"ab")
np.datetime64("2020-01-02")
np.datetime64("2020-01-02T03:04:05.123456789")
np.datetime64("NaT")
np.timedelta64(3, "D")
np.array(1)
np.array(0.5, dtype=np.float16)
np.array(True)
np.array("text")
np.array(1 + 2j)
np.array(None)
np.array([[5]])
np.array(["x"])
np.array([])
np.array([1.5, float('nan')])
np.array([True, False])
np.array(["x", "y"])
np.array([1, "x"], dtype=object)
np.array([1 + 2j, 3])
np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[D]")
np.zeros((2, 3))
np.zeros((10, 10))
np.arange(9)
np.arange(40).astype(np.float16)
np.arange(40) > 3
np.matrix([[1, 2]])
np.rec.array([(1, 2)], dtype=[("a", int), ("b", int)])
np.dtype("int8")
np.random.default_rng(0)
[np.float32(1), np.float32(2)]
[np.array([1, 2]), np.array([3, 4])]
{"a": np.float32(1)}
torch.tensor(1)
torch.tensor(0.5, requires_grad=True)
torch.tensor(True)
torch.tensor(0.5).half()
torch.tensor(0.5).bfloat16()
torch.tensor(2.0).to(torch.float8_e4m3fn)
torch.tensor(1 + 2j)
torch.conj(torch.tensor(1 + 2j))
torch.tensor([5.0], requires_grad=True)
torch.tensor([1.0], dtype=torch.bfloat16)
torch.tensor([1.0, 2.0], requires_grad=True)
torch.tensor([1.0, 2.0]).half()
torch.tensor([1.0, 2.0]).bfloat16()
torch.tensor([1.0, 2.0]).to(torch.float8_e4m3fn)
torch.tensor([True, False])
torch.tensor([1 + 2j, 2])
torch.tensor([])
torch.tensor([1, 2]).to_sparse()
torch.tensor(1, device="meta")
torch.arange(100.0, requires_grad=True)
torch.arange(40.0).bfloat16()
torch.zeros(3, 4)
torch.nn.Parameter(torch.tensor(0.5))
torch.nn.Parameter(torch.arange(50.0))
torch.nn.Linear(1, 1)
torch.Size([2, 3])
torch.float32
torch.device("cpu")
[torch.tensor(1), torch.tensor(2)]
[torch.tensor([1.0, 2.0])]
jnp.array(1)
jnp.array(0.5)
jnp.array(True)
jnp.array(0.5, dtype=jnp.bfloat16)
jnp.array([0.5], dtype=jnp.bfloat16)
jnp.array([0.5, 1.0], dtype=jnp.bfloat16)
jnp.arange(40).astype(jnp.bfloat16)
jnp.bfloat16(0.5)
jnp.array(1 + 2j)
jnp.array([1, 2])
jnp.array([])
jnp.zeros((3, 4))
jnp.arange(40.0)
np.array([0.5, 1], dtype=jnp.bfloat16)
[jnp.array(1), jnp.array(2)]
tf.constant(1)
tf.constant(0.5)
tf.constant(True)
tf.constant("text")
tf.constant(1 + 2j)
tf.constant(0.5, dtype=tf.bfloat16)
tf.constant([0.5], dtype=tf.bfloat16)
tf.constant([0.5, 1], dtype=tf.bfloat16)
tf.constant([0.5, 1], dtype=tf.half)
tf.constant(["x", "y"])
tf.constant([])
tf.range(40)
tf.cast(tf.range(40), tf.bfloat16)
tf.zeros((3, 4))
tf.Variable(1.5)
tf.Variable([1.5, 2.5])
tf.float32
keras.Variable(0.5)
pd.Series([1, 2])
pd.Series(["x"])
pd.Timestamp("2020-01-02")
pd.Timedelta("1s")
pd.NaT
pd.NA
pd.Index([1, 2])
pd.array([1, None], dtype="Int64")
pd.Interval(0, 1)
""".strip().splitlines()


def came_to(value: object) -> list:
    """Return the kind of a value of wandb's JSON, and the value where it is a number or a text."""
    if isinstance(value, (bool, int, float)):
        return ["number", repr(float(value))]
    if isinstance(value, str):
        return ["text", value]
    if not value and value != []:  # null, and a dict without values
        return ["nothing"]
    if isinstance(value, dict):
        if value.get("_type") == "histogram":
            return ["numbers"]
        within = {key: came for key, one in value.items() if (came := came_to(one)) != ["nothing"]}
        return ["dict", within] if within else ["nothing"]
    assert isinstance(value, list)
    flat = np.ravel(value).tolist() if np.ndim(value) and len({*map(np.shape, value)}) == 1 else value
    plain = bool(flat) and all(isinstance(one, (bool, int, float)) for one in flat)
    return ["numbers"] if plain else ["text", json.dumps(value, separators=(",", ":"))]


def of_wandb(names: dict) -> dict:
    """Return what wandb keeps of each value."""
    results, kept = {}, []
    with wandb.init() as run:
        publish = run._interface._publish_partial_history
        run._interface._publish_partial_history = lambda row: (kept.append(row), publish(row))
        for name in VALUES:
            kept.clear()
            try:
                run.log({"v": eval(name, names)})
            except Exception as error:
                results[name] = ["error", type(error).__name__]
            else:
                values = [json.loads(item.value_json) for item in kept[0].item if item.key == "v"]
                results[name] = came_to(values[0]) if values else ["nothing"]
    return results


def of_ours(names: dict) -> dict:
    """Return what our converter makes of each value."""
    from wandb_compat.convert.convert_row import convert_row
    from wandb_compat.convert.deferred import DeferredRecords
    from wandb_compat.convert.json_values import json_value, summary_value
    from wandb_compat.spool import records

    results = {}
    for name in VALUES:
        try:
            row = convert_row({"v": eval(name, names)}, 0, 0, Path())
        except Exception as error:
            results[name] = ["error", type(error).__name__]
            continue
        found = {key: ["number", repr(float(number))] for key, number in row.numbers.items()}
        for key, record in row.keyed_records:
            made = next(iter(record.make())) if isinstance(record, DeferredRecords) else record
            assert isinstance(made, records.Series)
            found[key.name] = ["numbers"] if made.dataType == "HISTOGRAM" else ["text", made.data]
        if any(key.startswith("v/") for key in found):
            results[name] = ["numbers"]
        elif any(key.startswith("v.") for key in found):
            results[name] = ["dict", nested(found)]
        else:
            results[name] = found.get("v", ["nothing"])
        json_value(eval(name, names)), summary_value(eval(name, names))
    return results


def nested(found: dict) -> dict:
    """Return values by key as wandb nests them."""
    tree: dict = {}
    for key, value in found.items():
        *above, last = key.split(".")[1:]
        place = tree
        for part in above:
            place = place.setdefault(part, ["dict", {}])[1]
        place[last] = value
    return tree


if __name__ == "__main__":
    os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_CONSOLE="off", TF_CPP_MIN_LOG_LEVEL="3")
    warnings.simplefilter("ignore")
    os.chdir(tempfile.mkdtemp())
    names = {**globals(), **{name: import_module(module) for name, module in LIBRARIES.items()}}
    # Both in one process: these libraries take ten times as long to load as everything else here.
    print(json.dumps({"wandb": of_wandb(names), "ours": of_ours(names)}))
    sys.stdout.flush()
    os._exit(0)  # some of these libraries take seconds to say goodbye
