"""Names are stored as written, except where a header, a store or a database cannot hold them."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from wandb_compat.wire import names


@pytest.mark.parametrize("key", ["loss", "損失", "é", "a/b/c", "..", "a//b", "x" * 1000, "line\nbreak", " "])
def test_log_keys_are_stored_as_written(key: str) -> None:
    """Unicode, slashes and dots stay; only a blank key gets a name."""
    assert names.log_key(key) == (key if key.strip() else "-")


def test_log_keys_that_a_server_refuses_are_replaced() -> None:
    """NUL and lone surrogates become U+FFFD; long keys end with a hash and stay distinct."""
    assert names.log_key("a\x00b\ud800") == "a\ufffdb\ufffd"
    first, second = names.log_key("損" * 400 + "a"), names.log_key("損" * 400 + "b")
    assert first != second and first.startswith("損" * 300)
    assert max(len(first.encode()), len(second.encode())) <= names.LOG_KEY_LIMIT


@pytest.mark.parametrize("key", ["image", "画像/例", "a b", "C:\\x", "?#%&+"])
def test_file_keys_are_stored_as_written(key: str) -> None:
    """Whatever a path of a store can hold is kept."""
    assert names.file_log_key(key) == key


@given(st.lists(st.text("/.~-aé\x01損", max_size=300), min_size=2, max_size=6, unique=True))
def test_file_keys_fit_a_store_and_stay_distinct(keys: list[str]) -> None:
    """No part is empty, a dot or two, or too long; different keys have different names."""
    stored = [names.file_log_key(key) for key in keys if key.strip()]
    for name in stored:
        parts = name.split("/")
        assert not {"", ".", ".."} & set(parts)
        assert all(len(part.encode()) <= 255 for part in parts)
        assert len(name.encode()) <= names.FILE_KEY_LIMIT
    assert len(set(stored)) == len(stored)


def test_project_names_travel_in_headers() -> None:
    """ASCII names stay; others become ASCII with a hash, which is stable and distinct."""
    assert names.project_name("my project.1") == "my project.1"
    first, second = names.project_name("実験"), names.project_name("項目")
    assert first != second and first.isascii() and first.startswith("project-") and names.has_hash(first)
    assert names.project_name("Übung é").startswith("Ubung-e-")
    assert names.project_name(first) == first == names.project_name("実験")
    assert len(names.project_name("x" * 300)) <= 255


def test_run_names_are_stored_as_written() -> None:
    """A run's name travels in JSON: only NUL, surrogates and length are changed."""
    assert names.run_name("試験 é 🚀") == "試験 é 🚀"
    assert names.run_name("a\x00") == "a\ufffd" and len(names.run_name("é" * 300)) == 255
