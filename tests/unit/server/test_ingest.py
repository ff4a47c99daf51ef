"""What is logged is stored once, the newest value wins, and resent batches change nothing."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from wandb_compat.server.params import Fields, Query
from wandb_compat.server.query import metrics
from wandb_compat.server.storage import ingest, runs
from wandb_compat.server.storage.database import Store

POINTS = st.tuples(
    st.integers(0, 5),  # time
    st.integers(0, 3),  # step
    st.dictionaries(st.sampled_from("ab"), st.floats(width=64) | st.integers(-(2**63), 2**64 - 1), min_size=1),
)


@settings(max_examples=60)
@given(batches=st.lists(st.lists(POINTS, min_size=1, max_size=6), min_size=1, max_size=4))
def test_the_newest_time_wins_and_of_equal_times_the_later_arrival(
    batches: list[list[tuple[int, int, dict[str, float]]]],
) -> None:
    """Whatever order points arrive in, within a batch and across batches; resending the last batch changes nothing."""
    expected: dict[tuple[str, int], tuple[int, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        run = runs.create(store, Fields({"runName": "r", "projectName": "p"}), "")["runId"]
        for batch in [*batches, batches[-1]]:
            lines = [json.dumps({"time": time, "step": step, "data": data}) for time, step, data in batch]
            ingest.metrics(store, run, "\n".join(lines).encode())
            for time, step, data in batch:
                for name, value in data.items():
                    if (name, step) not in expected or time >= expected[name, step][0]:
                        expected[name, step] = (time, float(value))
        points = metrics.metrics(store, Query({"runId": str(run), "projectName": "p"}), "")["metrics"]
        store.close()
    stored = {(point["logName"], point["step"]): (point["value"], point["valueFlag"]) for point in points}
    assert len(stored) == len(points)
    assert stored.keys() == expected.keys()
    for place, (_, value) in expected.items():
        number, flag = stored[place]
        if math.isfinite(value):
            assert (number, flag) == (value, "")
        else:
            assert (number, flag) == (0, "NaN" if math.isnan(value) else "Inf" if value > 0 else "-Inf")
