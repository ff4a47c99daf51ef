"""Sign-in to the page and its data: who is admitted, what a cookie grants, what an exported file contains."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from wandb_compat.server.params import Query, RequestError
from wandb_compat.server.storage import blobs
from wandb_compat.server.storage.database import Store


def test_addresses_of_files_end(tmp_path: Path) -> None:
    """A signed address leads to its file until its time is over, and not to another file."""
    now = [1000.0]
    store = Store(tmp_path / "data", clock=lambda: now[0])
    address = urlsplit(blobs.sign_url(store, "GET", "", 1, "pictures", "a.png", 60))
    blob, query = address.path.rpartition("/")[2], dict(parse_qsl(address.query))
    assert blobs.verify_url(store, "GET", blob, Query(query)) == (
        blobs.blob_path(store, 1, "pictures", "a.png"),
        "a.png",
    )
    for wrong in ({**query, "name": "b.html"}, {**query, "expires": "9999999999999"}):
        with pytest.raises(RequestError, match="not one that this server signed"):
            blobs.verify_url(store, "GET", blob, Query(wrong))
    now[0] += 61
    with pytest.raises(RequestError, match="expired"):
        blobs.verify_url(store, "GET", blob, Query(query))
    store.close()
