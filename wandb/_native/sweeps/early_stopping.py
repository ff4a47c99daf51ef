"""Decides when a sweep ends a run early: successive halving as in Hyperband (Li et al. 2018, arXiv 1603.06560)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from wandb.errors import UsageError

_BANDS = 100  # at most, where only `min_iter` bounds them


def bands(rules: Mapping[str, Any]) -> list[int]:
    """Return the numbers of values after which runs are compared.

    Args:
        rules: `early_terminate` of a sweep: `type`, `min_iter`, or `max_iter` with `s`; `eta`, by default 3.

    Raises:
        UsageError: `min_iter` and `max_iter` are missing, or the type is not `hyperband`.
    """
    if rules.get("type") != "hyperband":
        raise UsageError(f"early_terminate can be of type hyperband, not {rules.get('type')!r}")
    eta = rules.get("eta", 3)
    if "max_iter" in rules:
        counts = [rules["max_iter"] / eta**power for power in range(1, int(rules.get("s", 1)) + 1)]
    elif "min_iter" in rules:
        counts = [rules["min_iter"] * eta**power for power in range(_BANDS)]
    else:
        raise UsageError("early_terminate needs min_iter, or max_iter and s")
    return sorted(int(count) for count in counts if count >= 1)


def should_stop_early(
    rules: Mapping[str, Any], mine: Sequence[float], all_of_them: Sequence[Sequence[float]], more_is_better: bool
) -> bool:
    """Return whether a run is so far behind the others that it should end.

    At the last band that the run has passed, it must have been at least as good as the best `1/eta` of all runs were
    there: with its best value so far, or, with `strict`, with its value there.

    Args:
        rules: `early_terminate` of the sweep.
        mine: the metric of the run, every value in order.
        all_of_them: the same of every run of the sweep, this one too.
        more_is_better: whether the goal is to maximize.
    """
    sign = -1 if more_is_better else 1
    own = [sign * value for value in mine if math.isfinite(value)]
    passed = [band for band in bands(rules) if band <= len(own)]
    if not passed:
        return False
    band = passed[-1]
    finite = [[sign * value for value in one if math.isfinite(value)] for one in all_of_them]
    there = sorted(one[band - 1] for one in finite if len(one) >= band)
    if not there:
        return False
    threshold = there[min(int(len(there) / rules.get("eta", 3)), len(there) - 1)]
    return (own[band - 1] if rules.get("strict") else min(own)) > threshold
