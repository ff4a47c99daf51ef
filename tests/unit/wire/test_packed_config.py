"""Our part of a run's config is stored under few keys, and both stored forms are read."""

from __future__ import annotations

import json
from typing import Any

from wandb_compat.server.query.filters import flatten
from wandb_compat.server.storage.runs import merge
from wandb_compat.wire import packed_config
from wandb_compat.wire.packed_config import packed, unpacked

IMAGE = {"_type": "image-file", "path": "i.png", "width": 2}
SUMMARY = {
    "_step": 3,
    "loss": 0.5,
    "best": 0.25,
    "note": "ok",
    "flag": True,
    "image": IMAGE,
    "deep": {"a": 1, "b": "t"},
}
LEDGER = {"model": {"order": 0, "x1": '{"id": "x1"}'}}


def stored(*updates: dict[str, Any], columns: tuple[str, ...] = (), config: Any = None) -> dict[str, Any]:
    """Return the config that a server has after updates."""
    config = config or {}
    for update in updates:
        config = merge(config, json.loads(json.dumps(packed(update, config, columns))))
    return dict(config)


def test_what_grows_is_one_text_each() -> None:
    """The columns are values of the summary that no metric has: texts, booleans, and the numbers that are named."""
    plain = {"lr": 1, "wandb": {"notes": "n", "summary": SUMMARY, "artifacts": LEDGER, "used_artifacts": {"d:v0": "t"}}}
    config = stored(plain, columns=("best",))
    assert sorted(flatten(config)) == [
        "lr",
        "wandb.artifacts",
        "wandb.notes",
        *(f"wandb.summary.{name}" for name in ("best", "deep.b", "flag", "note")),
        "wandb.summary_json",
        "wandb.used_artifacts",
    ]
    assert unpacked(config) == plain


def test_later_updates_merge_with_what_is_in_the_texts() -> None:
    """As a server merges objects: null marks what was removed."""
    config = stored({"wandb": {"summary": SUMMARY, "artifacts": LEDGER}}, columns=("best",))
    later = {"best": 0.125, "note": None, "deep": {"a": 2}}
    config = stored({"wandb": {"summary": later, "artifacts": {"data": {"order": 1}}}}, config=config)
    assert unpacked(config)["wandb"] == {
        "summary": {**SUMMARY, "best": 0.125, "note": None, "deep": {"a": 2, "b": "t"}},
        "artifacts": {**LEDGER, "data": {"order": 1}},
    }
    assert config["wandb"]["summary"] == {"best": 0.125, "note": None, "deep": {"b": "t"}, "flag": True}


def test_a_run_of_an_earlier_version_is_read_and_continued() -> None:
    """Its objects become texts; its columns stay, because filters use them."""
    old = {"lr": 1, "wandb": {"summary": SUMMARY, "artifacts": LEDGER, "exact_numbers": {"config": {"lr": "1"}}}}
    assert unpacked(old) == old
    config = stored({"wandb": {"summary": {"loss": 0.4}, "artifacts": {"model": {"x2": "{}"}}}}, config=old)
    assert unpacked(config)["wandb"]["summary"] == {**SUMMARY, "loss": 0.4}
    assert unpacked(config)["wandb"]["artifacts"] == {"model": {**LEDGER["model"], "x2": "{}"}}
    assert config["wandb"]["summary"] == {
        **{"_step": None, "image": None, "loss": 0.4, "best": 0.25, "note": "ok", "flag": True},
        "deep": {"a": 1, "b": "t"},
    }


def test_what_another_client_changes_in_a_column_is_read() -> None:
    """It knows nothing of the text."""
    config = stored({"wandb": {"summary": {"best": 1 / 3, "loss": 1}}}, columns=("best",))
    assert unpacked(merge(config, {"wandb": {"summary": {"best": 0.9, "new": 1}}}))["wandb"]["summary"] == {
        **{"best": 0.9, "loss": 1, "new": 1}
    }
    rounded = merge(config, {"wandb": {"summary": {"best": 0.3333333333333333}}})
    assert unpacked(rounded)["wandb"]["summary"]["best"] == 1 / 3


def test_a_text_that_is_too_long_stays_an_object(monkeypatch: Any) -> None:
    """An object can be sent in parts; it is a text again once it is short enough."""
    monkeypatch.setattr(packed_config, "TEXT_LIMIT", 60)
    config = stored({"wandb": {"summary": {"a": 1}}}, {"wandb": {"summary": {"text": "x" * 99}}})
    assert config["wandb"] == {"summary": {"a": 1, "text": "x" * 99}, "summary_json": None}
    assert unpacked(config)["wandb"]["summary"] == {"a": 1, "text": "x" * 99}
    config = stored({"wandb": {"summary": {"text": "short"}}}, config=config)
    assert unpacked(config)["wandb"] == {"summary": {"a": 1, "text": "short"}}
    assert "summary_json" in flatten(config["wandb"])


def test_what_is_no_such_text_stays_as_it_is() -> None:
    """A user may have a configuration with these names."""
    for about in (5, {"artifacts": "none", "summary_json": "x", "summary": {"a": 1}}, {"artifacts": "[1]"}):
        left = {key: value for key, value in about.items() if key != "summary_json"} if isinstance(about, dict) else 5
        assert unpacked({"wandb": about}) == {"wandb": left}
