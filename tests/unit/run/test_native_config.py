"""`wandb.config` takes what people pass as configuration and guards it as wandb does."""

import argparse
import copy
import dataclasses
import math
import pickle
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy
import pytest

import wandb
from wandb.sdk.lib.config_util import ConfigError
from wandb.sdk.wandb_config import Config
from wandb.sdk.wandb_helper import parse_config


def filled(**values: Any) -> Config:
    """Return a configuration with values."""
    config = Config()
    config.update(values)
    return config


@dataclasses.dataclass
class Hyper:
    """Hyperparameters."""

    lr: float = 0.1
    layers: tuple[int, ...] = (1, 2)


class OmegaConf:
    """The two calls of OmegaConf that count."""

    @staticmethod
    def to_container(node: Any, resolve: bool) -> Any:
        """Return a plain container."""
        if resolve and node.broken:
            raise ValueError("interpolation leads nowhere")
        return {"lr": 0.1, "name": "${missing}" if node.broken else "resolved"}


class DictConfig(dict[str, Any]):
    """A fake of an OmegaConf container."""

    __module__ = "omegaconf.dictconfig"
    broken = False


@pytest.mark.parametrize(
    "params",
    [
        {"lr": 0.1, "layers": (1, 2)},
        argparse.Namespace(lr=0.1, layers=[1, 2]),
        SimpleNamespace(lr=0.1, layers=[1, 2]),
        Hyper(),
        filled(lr=0.1, layers=[1, 2]),
        SimpleNamespace(flag_values_dict=lambda: {"lr": 0.1, "layers": [1, 2]}),
    ],
)
def test_config_is_taken_in_every_usual_form(params: Any) -> None:
    """dict, argparse, plain object, dataclass, another Config and absl flags mean the same."""
    assert wandb.init(mode="offline", config=params).config.as_dict() == {"lr": 0.1, "layers": [1, 2]}


@pytest.mark.parametrize(("broken", "name"), [(False, "resolved"), (True, "${missing}")])
def test_omegaconf_is_resolved_where_it_can_be(broken: bool, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interpolations are resolved; one that leads nowhere is kept as written instead of ending the script."""
    monkeypatch.setitem(__import__("sys").modules, "omegaconf", SimpleNamespace(OmegaConf=OmegaConf))
    node = DictConfig()
    node.broken = broken  # type: ignore[misc]
    assert wandb.init(mode="offline", config=node).config.as_dict() == {"lr": 0.1, "name": name}


@pytest.mark.parametrize("params", [[1], 5, (1, 2)])
def test_other_things_are_no_config(params: Any) -> None:
    """The error says what a configuration can be."""
    with pytest.raises(TypeError, match="config must be a dict or have a __dict__ attribute"):
        wandb.init(mode="offline", config=params)


def test_yaml_files_are_taken_in_wandbs_form_and_the_plain_one(tmp_path: Path) -> None:
    """`config="file.yaml"` reads `key: {value: …}` and `key: …`; a missing or broken file is a ConfigError."""
    (tmp_path / "wandb.yaml").write_text("wandb_version: 1\nlr:\n  desc: rate\n  value: 0.1\n")
    (tmp_path / "plain.yaml").write_text("lr: 0.1\nnet: {value: 1, depth: 2}\n")
    (tmp_path / "broken.yaml").write_text("lr: [")
    (tmp_path / "future.yaml").write_text("wandb_version: 9\n")
    assert parse_config("wandb.yaml") == {"lr": 0.1}
    assert parse_config("plain.yaml") == {"lr": 0.1, "net": {"value": 1, "depth": 2}}
    for name, why in [("missing", "doesn't exist"), ("broken", "Invalid YAML"), ("future", "Unknown config version")]:
        with pytest.raises(ConfigError, match=why):
            wandb.init(mode="offline", config=f"{name}.yaml")


def test_defaults_come_from_files_and_init_wins_over_config_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`config-defaults.yaml` gives way to `config=`; files of WANDB_CONFIG_PATHS win, as with wandb."""
    (tmp_path / "config-defaults.yaml").write_text("lr:\n  value: 0.1\nbatch:\n  value: 8\n")
    (tmp_path / "site.yaml").write_text("site:\n  value: x\nseed:\n  value: 1\n")
    monkeypatch.setenv("WANDB_CONFIG_PATHS", "site.yaml")
    run = wandb.init(mode="offline", config={"lr": 0.2, "seed": 2})
    assert run.config.as_dict() == {"lr": 0.2, "batch": 8, "site": "x", "seed": 1}


def test_keys_can_be_left_out_or_picked() -> None:
    """`config_exclude_keys` and `config_include_keys` filter `config`; both at once make no sense."""
    config = {"a": 1, "b": 2}
    assert wandb.init(mode="offline", config=config, config_exclude_keys=["a"]).config.as_dict() == {"b": 2}
    wandb.finish()
    assert wandb.init(mode="offline", config=config, config_include_keys=["a"]).config.as_dict() == {"a": 1}
    wandb.finish()
    with pytest.raises(wandb.UsageError, match="only one of exclude or include"):
        wandb.init(mode="offline", config=config, config_include_keys=["a"], config_exclude_keys=["b"])


def test_a_changed_value_is_a_config_error_until_it_is_allowed() -> None:
    """wandb's words, which transformers and sweeps rely on; nothing of the update is taken."""
    config = filled(a=1)
    words = re.escape(
        'Attempted to change value of key "a" from 1 to 2\n'
        "If you really want to do this, pass allow_val_change=True to config.update()"
    )
    with pytest.raises(ConfigError, match=words):
        config.update({"new": 1, "a": 2})
    with pytest.raises(ConfigError):
        config.a = 2
    with pytest.raises(ConfigError):
        config["a"] = 2
    assert config.as_dict() == {"a": 1}
    config.update({"a": 2}, allow_val_change=True)
    config.update({"a": 3}, True)
    config.a = 3
    assert config.a == 3
    assert wandb.Error in ConfigError.__mro__


def test_allow_val_change_can_be_given_to_init() -> None:
    """`init(allow_val_change=True)` holds for the whole run."""
    run = wandb.init(mode="offline", config={"a": 1}, allow_val_change=True)
    run.config.a = 2
    assert run.config.a == 2


def test_nan_is_no_change_of_nan() -> None:
    """The same update twice never raises, whatever the value."""
    for _ in range(2):
        config = filled(a=math.nan)
        config.update({"a": math.nan})


def test_config_can_be_read_in_every_usual_way() -> None:
    """Items, attributes, `get`, `in`, `dict()`, `**`, private names of wandb; no `len`, no `pop`."""
    config = filled(a=1, b={"c": 2}, _hidden=3)
    assert (config.a, config["b"], config.get("z", 5), config.get("z")) == (1, {"c": 2}, 5, None)
    assert "a" in config and "z" not in config
    assert dict(config) == {**config} == config.as_dict() == {"a": 1, "b": {"c": 2}}
    assert config.keys() == ["a", "b"] and config.items() == [("a", 1), ("b", {"c": 2})]
    assert list(config) == ["a", "b", "_hidden"]
    assert vars(config)["_items"] is config._items is config._as_dict()
    assert not hasattr(config, "z") and not hasattr(config, "pop") and not hasattr(config, "__len__")
    with pytest.raises(AttributeError, match="has no attribute 'z'"):
        _ = config.z
    with pytest.raises(KeyError):
        _ = config["z"]
    assert str(config) == "{'a': 1, 'b': {'c': 2}}"


def test_setdefaults_and_stripped_keys() -> None:
    """`setdefaults` never changes a value; keys lose the dashes of command lines."""
    config = filled(a=1)
    config.setdefaults({"a": 2, "b": 3})
    config.update({"--batch-size": 8, 7: "seven"})
    assert config.as_dict() == {"a": 1, "b": 3, "batch-size": 8, "7": "seven"}


def test_locked_values_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """What a sweep has fixed is not changed by the script, with a warning."""
    config = filled(a=1, nested={"x": 1})
    config.update_locked({"a": 5}, user="sweep", _allow_val_change=True)
    config.merge_locked({"nested": {"y": 2}}, user="sweep")
    config.update({"a": 6}, allow_val_change=True)
    config.a = 7
    assert config.as_dict() == {"a": 5, "nested": {"x": 1, "y": 2}}
    assert "Config item 'a' was locked by 'sweep' (ignored update)." in capsys.readouterr().err


def test_values_that_json_has_no_form_for_become_their_text(read) -> None:  # type: ignore[no-untyped-def]
    """numpy, paths, sets, objects, and a dict that contains itself arrive in the first record, and nothing raises."""
    circular: dict[str, Any] = {"x": 1}
    circular["self"] = circular

    class Stranger:
        def __repr__(self) -> str:
            return "a stranger"

    config = {"np": numpy.float32(0.5), "path": Path("a/b"), "set": {1}, "object": Stranger(), "circular": circular}
    run = wandb.init(mode="offline", config=config)
    run.finish()
    sent = read(run).one("start")["config"]
    assert sent == run.config.as_dict()
    assert (sent["np"], sent["path"], sent["set"], sent["object"]) == (0.5, "a/b", [1], "a stranger")
    assert sent["circular"]["x"] == 1 and isinstance(sent["circular"]["self"], str)


def test_changes_after_init_are_sent_as_such(read) -> None:  # type: ignore[no-untyped-def]
    """Each change is one record with what has changed; wandb's own key stays here."""
    run = wandb.init(mode="offline", config={"a": 1})
    run.config.b = 2
    run.config["c"] = (1, 2)
    run.config.update({"d": {"e": 1}, "_private": 1, "_wandb": {}})
    run.config.setdefaults({"a": 9, "f": 6})
    run.finish()
    assert [document["values"] for document in read(run).all("config")] == [
        {"b": 2},
        {"c": [1, 2]},
        {"d": {"e": 1}, "_private": 1},
        {"f": 6},
    ]
    with pytest.raises(wandb.UsageError, match="is finished"):
        run.config.late = 1
    assert "late" not in run.config


def test_assigning_the_module_attribute_leaves_the_run_alone() -> None:
    """`wandb.config = {...}` works before and after `init`, and changes no run."""
    wandb.config = {"lr": 1}
    assert wandb.config == {"lr": 1}
    run = wandb.init(mode="offline")
    assert wandb.config is run.config
    wandb.config = {"lr": 2}
    assert run.config.as_dict() == {}


def test_copies_of_a_config_are_values_only() -> None:
    """deepcopy and pickle work, and changing the copy sends nothing."""
    run = wandb.init(mode="offline", config={"a": [1]})
    for twin in (copy.deepcopy(run.config), pickle.loads(pickle.dumps(run.config))):
        twin.b = 1
        assert (twin.a, run.config.as_dict()) == ([1], {"a": [1]})
    with pytest.raises(AttributeError, match="readonly"):
        run.config_static["a"] = 2
    assert dict(run.config_static) == {"a": [1]}
