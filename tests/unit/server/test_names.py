"""Display ids and groups as Pluto makes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wandb_compat.server.storage.identifiers import group, prefix
from wandb_compat.wire.display_ids import is_display_id


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        ("vision", "VIS"),
        ("ab", "AB"),
        ("my-ml-project", "MMP"),
        ("my-project", "MPR"),
        ("a.b_c d-e", "ABCD"),
        ("my-p", "MP"),
        ("---", "RUN"),
        ("日本", "RUN"),
    ],
)
def test_prefixes_come_from_the_words_of_a_project(project: str, expected: str) -> None:
    """Three letters of one word, initials of several, padded from the last word and cut at four."""
    assert prefix(project) == expected


@given(st.text(max_size=50))
def test_any_project_gives_display_ids_that_the_client_knows(project: str) -> None:
    """The client takes only capital letters and digits for a display id."""
    assert is_display_id(f"{prefix(project)}-1")


def test_a_group_is_all_before_the_last_slash() -> None:
    """And nothing for a plain key."""
    assert [group(name) for name in ("a", "a/b", "a/b/c")] == ["", "a", "a/b"]
