"""The configuration of a run of the real wandb, as Pluto stores it."""

from types import SimpleNamespace

from wandb_compat.dual.start_record import public_config


def test_a_config_loses_only_what_wandb_keeps_for_itself() -> None:
    """Keys with an underscore that the script has set stay, as Hydra's `_target_`; keys become text."""
    expected = {"lr": 0.1, "_target_": "model", "3": [1, 2]}
    assert public_config({"lr": 0.1, "_target_": "model", 3: (1, 2), "_wandb": {"version": 1}}) == expected


def test_a_config_object_is_read_with_its_hidden_keys() -> None:
    """wandb's own object leaves keys with an underscore out of `items`; what it holds counts."""
    config = SimpleNamespace(_items={"lr": 1, "_target_": "model", "_wandb": {}}, items=lambda: [("lr", 1)])
    assert public_config(config) == {"lr": 1, "_target_": "model"}
