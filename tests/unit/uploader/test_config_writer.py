"""One update of a run's config at a time, all of them read back: nothing is lost to a server that merges without a
lock."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from typing import Any

import pytest

from wandb_compat.server.params import parse_stored_json
from wandb_compat.server.storage.runs import merge
from wandb_compat.uploader.config_writer import ATTEMPTS, ConfigWriter
from wandb_compat.wire.errors import Refused, Unavailable
from wandb_compat.wire.packed_config import unpacked

Config = dict[str, Any]


class MergingServer:
    """Merges a config in two steps with time between them; the next updates can be lost, or met by another client."""

    def __init__(self, **config: Any) -> None:
        self.config: Config = config
        self.lose: list[bool] = []
        self.updates = 0
        self.notes: list[str | None] = []

    def update_notes(self, run: int, notes: str | None) -> None:
        """Replace the notes, as a server that has this call."""
        self.notes.append(notes)

    def details(self, run: int, project: str) -> Config:
        """Return the run as it is read."""
        return {"config": unpacked(self.config)}

    def stored_config(self, run: int, project: str) -> Config:
        """Return the config as it is stored."""
        return dict(json.loads(json.dumps(self.config)))

    def update_config(self, run: int, document: str) -> None:
        """Merge an update."""
        read = self.config
        time.sleep(0.001)
        self.updates += 1
        if not (self.lose and self.lose.pop(0)):
            self.config = merge(read, parse_stored_json(document))


def writer(server: Any, created: Config | None = None, existing: bool = False, shared: bool = False) -> ConfigWriter:
    """Return the writer of a run with a config."""
    made = ConfigWriter(server, contextlib.nullcontext)
    made.open(1, "p", created or {}, existing=existing, shared=shared)
    return made


def test_updates_of_several_threads_come_one_after_the_other() -> None:
    """The uploader's lanes update the config at once; the server has all of them at once, without being asked."""
    server = MergingServer()
    one = writer(server)
    threads = [
        threading.Thread(target=lambda n=n: [one.update({f"k{n}": {str(i): i}}) for i in range(20)]) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {key: len(value) for key, value in server.config.items()} == {f"k{n}": 20 for n in range(4)}


@pytest.mark.parametrize(
    "values",
    [
        {"new": 1},
        {"lr": 0.2},
        {"lr": None},
        {"net": {"width": 5}},
        {"net": {"new": {"a": [1, 2]}}},
        {"net": 7},
        {"lr": {"start": 1 / 3}},
        {"seed": 2**63 + 1},
        {"wandb": {"summary": {"loss": float("nan")}, "artifacts": {"m": {"order": 1, "id": "{}"}}}},
    ],
)
def test_a_lost_update_is_sent_again(values: Config) -> None:
    """Of a run that is new, was there before, or is written by several processes."""
    for existing in (False, True):
        created = {"lr": 0.1, "net": {"width": 4}, "seed": 1, "wandb": {"summary": {"loss": 1}}}
        server, wanted = MergingServer(**created), MergingServer(**created)
        one = writer(server, {} if existing else created, existing=existing, shared=existing)
        server.lose = [True, True]
        one.update(values)
        writer(wanted, created).update(values)
        assert server.config != wanted.config
        assert one.read_back() == []
        assert server.config == wanted.config


def test_what_other_clients_changed_stays() -> None:
    """The page or another process may have changed a value since; only what was there before tells of a loss."""
    server = MergingServer(lr=0.1)
    one = writer(server, {"lr": 0.1})
    one.update({"lr": 0.2, "note": "ours"})
    server.config = {**server.config, "lr": 0.9, "more": 1}
    assert one.read_back() == [] and server.updates == 1
    assert server.config["lr"] == 0.9


def test_a_run_without_updates_is_not_read_back() -> None:
    """What a run is created with comes in one request with the run."""
    server = MergingServer()
    assert writer(server, {"lr": 1}).read_back() == [] and server.updates == 0


def test_what_the_server_never_keeps_is_named() -> None:
    """It is not tried for ever: the run must end."""
    server = MergingServer()
    one = writer(server)
    server.lose = [True] * (ATTEMPTS + 1)
    one.update({"a": 1, "wandb": {"summary": {"x": 1}}})
    assert one.read_back() == ["a", "wandb.summary"]


def test_lists_with_keys_are_merged_with_those_of_others() -> None:
    """A server would replace the custom charts and metrics of another rank."""
    server = MergingServer(wandb={"metrics": [{"name": "theirs"}]})
    writer(server, existing=True, shared=True).update({"wandb": {"metrics": [{"name": "ours"}]}})
    assert [one["name"] for one in server.config["wandb"]["metrics"]] == ["theirs", "ours"]


def test_notes_go_to_the_field_that_the_page_shows_too() -> None:
    """When a run begins and when they change: cleaned, cut to what a server takes, removed when they are empty."""
    server = MergingServer()
    one = writer(server, {"wandb": {"notes": "first\0"}})
    one.update({"wandb": {"notes": "x" * 2000}})
    one.update({"wandb": {"summary": {}}})
    one.update({"wandb": {"notes": ""}})
    assert server.notes == ["first\ufffd", "x" * 1000, None]
    assert server.config["wandb"]["notes"] == ""


def test_notes_are_sent_when_they_change_only() -> None:
    """An uploader that starts again, or a resumed run, leaves those that the server has, which the page may have
    changed; an attempt that failed is made again."""
    server = MergingServer(wandb={"notes": "first"})
    one = writer(server, {"wandb": {"notes": "first"}}, existing=True)
    one.update({"wandb": {"notes": "first"}})
    writer(server, {"wandb": {"notes": ""}})
    assert server.notes == []
    writer(server, {"wandb": {"notes": "second"}}, existing=True)
    assert server.notes == ["second"]

    class Away(MergingServer):
        def update_notes(self, run: int, notes: str | None) -> None:
            super().update_notes(run, notes)
            if len(self.notes) == 1:
                raise Unavailable("away")

    away = Away()
    made = ConfigWriter(away, contextlib.nullcontext)  # type: ignore[arg-type] # a server in place of a client
    created = {"wandb": {"notes": "mine"}}
    with pytest.raises(Unavailable):
        made.open(1, "p", created, existing=False, shared=False)
    away.config = created  # the first attempt has created the run
    for _ in range(2):
        made.open(1, "p", created, existing=True, shared=False)
    assert away.notes == ["mine", "mine"]


def test_a_server_without_that_call_has_them_in_the_config() -> None:
    """It refuses the call; the update of the config is there all the same."""

    class Older(MergingServer):
        def update_notes(self, run: int, notes: str | None) -> None:
            raise Refused("POST was refused with 404: not found", 404)

    server = Older()
    writer(server).update({"wandb": {"notes": "kept"}})
    assert server.config["wandb"]["notes"] == "kept"
