"""Updates the config of a run that another process may be writing: reads what is stored as a whole before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from wandb_compat.wire.client import Client
from wandb_compat.wire.exact_numbers import EXACT
from wandb_compat.wire.models import config_document, config_values
from wandb_compat.wire.packed_config import unpacked


def update_config(
    client: Client, run: int, project: str, values: Mapping[str, Any], columns: Collection[str] = ()
) -> None:
    """Merge values in the plain form into a run's config.

    Args:
        client: of the server.
        run: the server's number of the run.
        project: the project that it is in.
        values: to merge.
        columns: see `packed`.

    Raises:
        WireError: the server did not take them.
    """
    stored = client.stored_config(run, project)
    about = unpacked(stored).get("wandb")
    known = about.get(EXACT) if isinstance(about, dict) else None
    document = config_values(values, known if isinstance(known, dict) else {})
    client.update_config(run, config_document(document, stored, columns))
