"""Numbers of config and summary that a server's JSON parser changes read back exactly."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import pytest

from wandb_compat.server.params import parse_stored_json
from wandb_compat.server.storage.runs import merge
from wandb_compat.wire.exact_numbers import is_changed, restored
from wandb_compat.wire.models import config_document, config_values
from wandb_compat.wire.packed_config import unpacked

NUMBERS = [
    *(0.11301743576208045, 1.0000000000000002, 1.1579208923731622e77),
    *(0.1 + 0.2, 1 / 3, -math.pi, 5e-324, 1.7976931348623157e308, 2.0**60, 1e22, 123456789.12345679),
    *(2**53, 2**53 + 1, 2**60 + 1, -(2**63), 2**64 - 1, 10**30 + 7, 10**400, 0, 1, 0.5, True),
]


class Stored:
    """A config on the server, and the texts of exact numbers that its writer knows of."""

    def __init__(self) -> None:
        self.config: Any = {}
        self.known: dict[str, Any] = {}

    def update(self, values: dict[str, Any]) -> None:
        """Send values as the uploader does, and merge them as the server does."""
        document = config_document(config_values(values, self.known), self.config)
        self.config = merge(self.config, parse_stored_json(document))

    def read(self) -> dict[str, Any]:
        """Return the config as readers have it."""
        return restored(unpacked(self.config))


@pytest.mark.parametrize("number", NUMBERS)
def test_each_number_reads_back_exactly(number: Any) -> None:
    """In config and summary, at any depth and in lists."""
    stored = Stored()
    values = {"a": number, "deep": {"b": {"c": number}}, "list": [1, number, {"d": number}]}
    stored.update({**values, "wandb": {"summary": values, "notes": "n"}})
    assert stored.read() == {**values, "wandb": {"summary": values, "notes": "n"}}


def test_many_random_numbers_read_back_exactly() -> None:
    """Of all magnitudes."""
    rng = random.Random(0)
    values = {str(n): rng.random() * 10.0 ** rng.randint(-300, 300) for n in range(2000)}
    stored = Stored()
    stored.update(values)
    assert {key: stored.read()[key] for key in values} == values


def test_a_text_is_sent_for_what_the_server_changes_only() -> None:
    """Most numbers need none."""
    for number in NUMBERS:
        assert is_changed(number) or parse_stored_json(json.dumps(number)) == number, number
    assert not any(map(is_changed, (0, 1, -7, 2**53, 0.5, 0.1, 1e-7, 3.0, 0.123456789012345, True, None, "1")))


def test_a_number_that_was_replaced_stays_replaced() -> None:
    """By another number, however near, by another kind of value, by a dict, or by nothing."""
    for later in (0.3, 1, "text", None, [0.3], {"x": 0.3}, {"x": 1 / 3}, {}):
        stored = Stored()
        stored.update({"a": 0.1 + 0.2, "b": {"x": 0.1 + 0.2}})
        stored.update({"a": later, "b": {"x": 1}})
        assert stored.read()["a"] == later and stored.read()["b"] == {"x": 1}
        stored.update({"a": 2**60 + 1})
        assert stored.read()["a"] == 2**60 + 1


def test_a_value_that_another_client_changed_wins_over_the_text() -> None:
    """Texts that do not belong to the stored value are not used, whatever they are."""
    stored = Stored()
    stored.update({"seed": 2**60 + 1, "lr": 1 / 3})
    stored.config = merge(stored.config, {"seed": 7, "lr": {"new": 1}})
    assert stored.read() == {"seed": 7, "lr": {"new": 1}, "wandb": {}}
    for texts in (None, "text", {"config": 1}, {"config": {"seed": "not JSON", "lr": 3}}):
        assert restored({"seed": 7, "lr": 1, "wandb": {"exact_numbers": texts}}) == {"seed": 7, "lr": 1, "wandb": {}}


def test_a_config_key_named_wandb_that_is_no_dict_is_left_alone() -> None:
    """It is the script's own."""
    stored = Stored()
    stored.update({"wandb": 5, "a": 1 / 3})
    assert stored.config["wandb"] == 5
