"""Filters that a server would answer with an error are refused before it is asked."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from wandb._native.api.filters import plan


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"created_at": {"$gt": "nonsense"}}, "created_at is compared with a datetime"),
        ({"createdAt": {"$gt": 1700000000000}}, "not 1700000000000"),
        ({"$or": [{"heartbeat_at": {"$lt": None}}]}, "heartbeat_at is compared with a datetime"),
        ({"config.s": {"$regex": "("}}, "The $regex on config.s is not a regular expression: '('"),
        ({"display_name": {"$not": {"$regex": 5}}}, "The $regex on display_name"),
    ],
)
def test_bad_times_and_patterns_are_refused(filters: dict[str, Any], message: str) -> None:
    """The error names the field, the value, and what it must be."""
    with pytest.raises(ValueError, match=re.escape(message)):
        plan(filters)


@pytest.mark.parametrize(
    "moment", ["2026-01-31", "2026-01-31T12:00:00", "2026-01-31T12:00:00.123Z", "2026-01-31T12:00:00+02:00"]
)
def test_times_are_given_to_the_server_as_written(moment: str) -> None:
    """ISO 8601 in its usual forms."""
    assert plan({"created_at": {"$gte": moment}}).server == {"created_at": {"$gte": moment}}


def test_a_datetime_is_sent_as_text() -> None:
    """A datetime becomes ISO 8601."""
    moment = datetime(2026, 1, 31, 12)
    assert plan({"updated_at": {"$lt": moment}}).server == {"updated_at": {"$lt": "2026-01-31T12:00:00"}}
