"""The history of a run: every row, or some that are evenly spread."""

from typing import Any

import pytest

from wandb.apis.public import history


@pytest.mark.parametrize("count", [1, 2, 3, 9, 10, 11])
def test_thinned_rows_have_both_ends(count: int) -> None:
    """However few rows are kept, they are different ones and the last is among them."""
    rows: list[dict[str, Any]] = [{"_step": step} for step in range(10)]
    kept = [row["_step"] for row in history.thinned(rows, count)]
    assert len(kept) == len({*kept}) == min(count, 10)
    assert kept[-1] == 9
    assert count == 1 or kept[0] == 0
