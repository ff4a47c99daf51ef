"""Saved views of the page: named per project, replaced, deleted, bounded, and there after an upgrade."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from wandb_compat.server.page import saved_views
from wandb_compat.server.params import Fields, Query, RequestError
from wandb_compat.server.storage.database import Store


def test_views_of_a_project(tmp_path: Path) -> None:
    """A name is stored once for each project; what is invalid is refused."""
    store = Store(tmp_path / "data")
    view = {"project": "p", "name": "mine", "query": "a=1", "layout": {"folded": ["x"]}}
    saved_views.save(store, Fields(view))
    saved_views.save(store, Fields({**view, "query": "a=2"}))
    saved_views.save(store, Fields({**view, "project": "other", "layout": "no object"}))
    (found,) = saved_views.listed(store, Query({"project": "p"}))["views"]
    assert (found["name"], found["query"], found["layout"]) == ("mine", "a=2", {"folded": ["x"]})
    assert saved_views.listed(store, Query({"project": "other"}))["views"][0]["layout"] == {}
    for wrong in ({"name": " "}, {"query": "x" * 30_000}, {"layout": {"x": "y" * 300_000}}):
        with pytest.raises(RequestError):
            saved_views.save(store, Fields({**view, **wrong}))
    for _ in range(2):
        saved_views.delete(store, Fields({"project": "p", "name": "mine"}))
    assert saved_views.listed(store, Query({"project": "p"}))["views"] == []
    store.close()


def test_an_older_folder_gets_the_table(tmp_path: Path) -> None:
    """A folder of the format before is upgraded."""
    Store(tmp_path / "data").close()
    with contextlib.closing(sqlite3.connect(tmp_path / "data/pluto.db")) as connection:
        connection.executescript("DROP TABLE saved_view; PRAGMA user_version = 4;")
    store = Store(tmp_path / "data")
    assert saved_views.listed(store, Query({"project": "p"}))["views"] == []
    store.close()
