"""The sample of rows that the end of a run shows: all of a short run, evenly spread ones of a long run."""

import itertools
import math

from wandb_compat.pipeline.row_sample import SAMPLE_SIZE, RowSample
from wandb_compat.spool import records


def filled(rows: int, batch: int) -> RowSample:
    """Return the sample of a run that logs `loss` each step and `val` each hundredth, written in batches."""
    lines: list[bytes] = []
    for step in range(rows):
        lines.append(records.encode(records.Row(step, step, {"loss": float(step)})))
        if step % 100 == 99:
            lines.append(records.encode(records.Row(step, step, {"val": float(step)})))
            lines.append(records.encode(records.Key("val", "METRIC")))
    sample = RowSample()
    for at in range(0, len(lines), batch):
        sample.add(lines[at : at + batch])
    return sample


def test_a_short_run_is_kept_whole() -> None:
    """Every value is there, in order; records that are no rows are left out."""
    series = filled(900, 7).series()
    assert series == {"loss": [float(n) for n in range(900)], "val": [float(n) for n in range(99, 900, 100)]}


def test_a_long_run_is_kept_in_part() -> None:
    """The sample is bounded, in order, reaches from the beginning to the end, and holds rare metrics too."""
    series = filled(100_000, 997).series()
    assert SAMPLE_SIZE // 3 < sum(map(len, series.values())) <= SAMPLE_SIZE
    loss = series["loss"]
    assert loss == sorted(loss) and loss[0] < 1_000 and loss[-1] > 99_000
    assert series["val"] and max(b - a for a, b in itertools.pairwise(loss)) < 2_000


def test_what_json_lacks_is_read_back() -> None:
    """NaN and infinities are values too."""
    sample = RowSample()
    sample.add([records.encode(records.Row(1, 0, {"a": math.inf})), records.encode(records.Row(1, 1, {"a": 2.0}))])
    assert sample.series() == {"a": [math.inf, 2.0]}
