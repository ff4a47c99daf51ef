"""Converts tables and charts of whichever wandb is there: run as a script under the real wandb and under ours."""

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy
import pandas

import wandb

sys.path.append(str(Path(__file__).parents[2]))  # last: `wandb` stays what it is

from wandb_compat.convert.convert_row import convert_row
from wandb_compat.convert.deferred import DeferredRecords


def values() -> dict[str, Any]:
    """Return what is logged."""
    table = wandb.Table(columns=["x", "y", "z"], data=[[1, 2.5, "u"], [2, float("nan"), "ü"]])
    longer = wandb.Table(columns=["n"], data=[[n] for n in range(12_000)])
    growing = wandb.Table(columns=["n"], data=[[1], [2]], log_mode="INCREMENTAL")
    pixels = numpy.zeros((4, 5, 3), numpy.uint8)
    mixed = wandb.Table(
        columns=["list", "array", "picture", "inner"],
        data=[[[1, 2], numpy.ones((2, 2)), wandb.Image(pixels, caption="a caption"), table]],
    )
    keyed = wandb.Table(columns=["row"], data=[[table.index_ref(1)]])
    return {
        "table": table,
        "empty": wandb.Table(columns=["a"]),
        "longer": longer,
        "growing": growing,
        "mixed": mixed,
        "keyed": keyed,
        "list": [table, keyed],
        "join": wandb.JoinedTable(table, keyed, "x"),
        "parts": wandb.data_types.PartitionedTable("parts"),
        "frame": wandb.Table(dataframe=pandas.DataFrame({"a": [1, 2], "b": ["u", None]})),
        "line": wandb.plot.line(table, "x", "y", title="Line"),
        "series": wandb.plot.line_series([0, 1], [[1, 2], [3, 4]], split_table=True),
        "matrix": wandb.plot.confusion_matrix(y_true=[0, 1], preds=[1, 1]),
        "roc": wandb.plot.roc_curve([0, 1, 1], [[0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]),
        "mine": wandb.plot_table("me/mine", table, {"x": "x"}, {"title": "Mine"}),
        "older": wandb.visualize("wandb/heatmap/v1", table),
    }


def converted(home: Path) -> dict[str, Any]:
    """Return everything that the values come to; random parts of file names are left out."""
    row = convert_row(values(), 3, 1_000, home)
    made = [
        [
            key.name,
            key.type,
            [_fields(one) for one in _made(record)],
        ]
        for key, record in row.keyed_records
    ]
    return {"records": made, "charts": row.charts, "summary": row.summary, "notices": row.notices}


def _made(record: Any) -> Any:
    return record.make() if isinstance(record, DeferredRecords) else [record]


def _fields(record: Any) -> list[Any]:
    return [getattr(record, name) for name in type(record).__dataclass_fields__]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        text = json.dumps(converted(Path(folder)), default=str)
    # Ours is not compressed yet, where the real wandb has written a file already.
    print("FINDINGS", wandb.__file__, re.sub(r"(\w+\.)?[0-9a-f]{32}(\.raw\b)?", "", text))
