"""The server that a run directory was written for: its URLs and a fingerprint of the key, in `journal/server.json`."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from wandb_compat.system.atomic_write import atomic_write
from wandb_compat.wire.endpoints import Endpoints


def fingerprint(key: str) -> str:
    """Return a short text that identifies a key and does not reveal it."""
    return hashlib.sha256(b"wandb-compat key\n" + key.encode("utf-8", "replace")).hexdigest()[:16]


class ServerBinding(NamedTuple):
    """What binds a run directory to a server.

    `key` is a fingerprint, None while no key has been read. `created` says whether the run exists on that server; until
    then the directory was only meant for it, and an explicit `sync` may send it elsewhere.
    """

    api: str
    ingest: str
    key: str | None = None
    created: bool = False

    @classmethod
    def of(cls, endpoints: Endpoints, key: str | None, created: bool = False) -> ServerBinding:
        """Return the binding to a server with a key."""
        return cls(endpoints.api, endpoints.ingest, fingerprint(key) if key else None, created)

    @classmethod
    def read(cls, run_dir: Path) -> ServerBinding | None:
        """Return the binding of a run directory, or None if it has none: an offline run, or an old one."""
        try:
            document = json.loads((run_dir / "journal" / "server.json").read_bytes())
            return cls(
                str(document["api"]), str(document["ingest"]), document.get("key"), bool(document.get("created"))
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, run_dir: Path) -> None:
        """Bind a run directory; a full disk leaves it unbound."""
        if self.read(run_dir) != self:
            with contextlib.suppress(OSError):
                path = run_dir / "journal" / "server.json"
                path.parent.mkdir(parents=True, exist_ok=True)
                atomic_write(path, json.dumps(self._asdict()))

    def difference(self, other: ServerBinding) -> str | None:
        """Return why another server is not the one of this run directory, or None if it is."""
        if (self.api, self.ingest) != (other.api, other.ingest):
            return f"it belongs to the Pluto server at {self.api}"
        if self.key is not None and other.key is not None and self.key != other.key:
            return f"it was logged with another key of the Pluto server at {self.api}"
        return None
