"""What tests with real processes share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.fault_proxy import FaultProxy
from wandb_compat.server.serve import Running


@pytest.fixture
def proxy(pluto_server: Running) -> Iterator[FaultProxy]:
    """A proxy in front of the session's server."""
    made = FaultProxy(pluto_server.url)
    yield made
    made.fault = None
    made.shut()
