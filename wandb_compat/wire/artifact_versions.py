"""Artifact versions as they follow from the entries that runs publish in their config.

The scheme is described in `docs/artifacts.md`. The client reads and writes it; the embedded server's page shows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

LATEST = "latest"
ORDER = "order"  # key beside a collection's entries, by which the run list is filtered


@dataclass(slots=True)
class Entry:
    """What a run has published: which content, under which aliases.

    `run`, `key` and `manifest` tell where the manifest lies. `part` is the id of a distributed artifact that this is a
    part of. `changes` holds what was edited later (description, metadata, ttl). `gone` takes the version away. `whole`
    is an entry that makes no version: its `changes` (description, tags, type) are those of the collection.
    """

    id: str
    order: int
    time: int
    digest: str
    version: int
    type: str
    size: int
    run: int
    key: str
    manifest: str
    aliases: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    tags: list[str] | None = None
    source: str | None = None
    part: str | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    gone: bool = False
    whole: bool = False

    @classmethod
    def all_of(cls, published: Mapping[str, str]) -> list[Entry]:
        """Return the entries that a run has published under one name."""
        known = cls.__dataclass_fields__  # a later version may tell more
        answer = [json.loads(text) for key, text in published.items() if key != ORDER]
        return [cls(**{key: value for key, value in one.items() if key in known}) for one in answer]


@dataclass(slots=True)
class Version:
    """One version of a collection."""

    number: int
    entry: Entry  # the one that made it
    updated: int  # milliseconds since the epoch
    aliases: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)


class Collection:
    """All versions of one name in one project, as they follow from the entries."""

    def __init__(self, name: str, entries: Iterable[Entry]) -> None:
        self.name = name
        self.entries = sorted(entries, key=lambda entry: (entry.order, entry.time, entry.run, entry.id))
        self.versions: dict[str, Version] = {}  # by digest, in order
        self.changes: dict[str, Any] = {}
        self.next = 0
        aliases: dict[str, Version] = {}
        for entry in self.entries:
            if entry.whole:
                self.changes.update(entry.changes)
            if entry.whole or entry.part is not None:
                continue
            version = self.versions.get(entry.digest)
            if entry.gone:
                if version is not None and version.number == entry.version:
                    del self.versions[entry.digest]
                    aliases = {alias: held for alias, held in aliases.items() if held is not version}
                continue
            if version is None:
                number = max(self.next, entry.version)
                version = self.versions[entry.digest] = Version(number, entry, entry.time)
                self.next = number + 1
            version.updated = entry.time
            for alias in entry.dropped:
                if aliases.get(alias) is version:
                    del aliases[alias]
            aliases.update(dict.fromkeys(entry.aliases, version))
            version.changes.update(entry.changes)
            if entry.tags is not None:
                version.tags = entry.tags
        if self.versions:
            aliases.setdefault(LATEST, list(self.versions.values())[-1])
        for alias, version in aliases.items():
            version.aliases.append(alias)
        for version in self.versions.values():
            version.entry.type = self.changes.get("type", version.entry.type)

    @property
    def order(self) -> int:
        """The order of the next entry."""
        return self.entries[-1].order + 1 if self.entries else 0

    def find(self, alias: str) -> Version | None:
        """Return the version that an alias, or a name such as `v3`, represents."""
        for version in self.versions.values():
            if alias in version.aliases or alias == f"v{version.number}":
                return version
        return None
