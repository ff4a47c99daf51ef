"""Sends the records that are not rows: keys, configuration, tags, alerts, model graph, and the end of the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from wandb_compat.spool import records
from wandb_compat.uploader.session import Session
from wandb_compat.wire.config_merge import merge
from wandb_compat.wire.packed_config import SUMMARY


@dataclass(slots=True)
class _Batch:
    """Consecutive records, merged: neighbours of a kind make one request."""

    types: dict[str, str] = field(default_factory=dict)  # by key
    config: dict[str, Any] = field(default_factory=dict)
    columns: set[str] | None = field(default_factory=set)
    tags: list[str] | None = None
    alerts: list[dict[str, Any]] = field(default_factory=list)
    graph: dict[str, Any] | None = None
    exit: records.Exit | None = None

    def key(self, document: dict[str, Any]) -> None:
        self.types.setdefault(document["name"], document["type"])  # a key keeps its first type

    def add_config(self, document: dict[str, Any]) -> None:
        merge(self.config, document["values"])
        ours = document["values"].get("wandb")
        if isinstance(ours, dict) and SUMMARY in ours and self.columns is not None:
            columns = document.get("columns")
            self.columns = None if columns is None else self.columns.union(columns)

    def set_tags(self, document: dict[str, Any]) -> None:
        self.tags = document["tags"]

    def set_graph(self, document: dict[str, Any]) -> None:
        self.graph = document

    def set_exit(self, document: dict[str, Any]) -> None:
        self.exit = records.from_document(records.Exit, document)


_COLLECT: dict[str, Callable[[_Batch, dict[str, Any]], None]] = {
    "key": _Batch.key,
    "config": _Batch.add_config,
    "tags": _Batch.set_tags,
    "alert": lambda batch, document: batch.alerts.append(document),
    "graph": _Batch.set_graph,
    "exit": _Batch.set_exit,
}


def send(session: Session, lines: list[bytes]) -> records.Exit | None:
    """Send records, given with their kinds; return how the run ended if they say so.

    Raises:
        WireError: not all of them were taken this time.
    """
    batch = _Batch()
    for kind, document in map(records.decode, lines):
        _COLLECT[kind](batch, document)
    for kind in dict.fromkeys(batch.types.values()):
        names = [name for name, type in batch.types.items() if type == kind]
        session.client.add_keys(session.run, kind, names)
    if batch.config:
        session.config.update(batch.config, batch.columns)
    if batch.tags is not None:
        session.client.update_tags(session.run, session.all_tags(batch.tags))
    for alert in batch.alerts:
        body = {"timestamp": alert["time"], "level": alert["level"], "title": alert["title"], "body": alert["text"]}
        session.client.alert(session.run, {**body, "email": not session.start.is_copy, "url": None})
    if batch.graph is not None:
        session.client.model_graph(session.run, batch.graph)
    return batch.exit
