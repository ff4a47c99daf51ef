"""Every public name of wandb 0.31.0 is there, of the same kind, with the same parameters and defaults.

`wandb-0.31.0.json` was gathered by looking into the released package: `names` by path with their kind and parameters
(`name=default`), `settings` with their defaults, `commands` with their options, and `lost`, names that older releases
had and that projects still use. wandb's own machinery, protocol buffers and GraphQL are not in it. A class that is
refused includes its members.
"""

import ast
import importlib
import inspect
import json
from collections.abc import Callable
from enum import EnumMeta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
import pytest

import wandb
from tests.helpers.large_library import needs
from wandb._native import support_table
from wandb.cli.cli import cli

# Without the library in the second place, which the quick tests do not have, nothing below these paths is compared.
LIBRARIES = {"wandb.keras": "tensorflow", "wandb.wandb_torch": "torch"}
ABSENT = tuple(path for path, library in LIBRARIES.items() if find_spec(library) is None)
SURFACE = json.loads(Path(__file__).with_name("wandb-0.31.0.json").read_text(encoding="utf-8"))


class Attribute:
    """Marks what only instances have: an annotation, a setting, or what `__init__` sets."""


@cache
def find(path: str) -> Any:
    """Return what a path names; modules on the way are imported."""
    owner, _, name = path.rpartition(".")
    if not owner:
        return importlib.import_module(name)
    above = find(owner)
    if not inspect.isclass(above):
        try:
            return getattr(above, name)
        except AttributeError:
            return importlib.import_module(path)
    if name in getattr(above, "model_fields", ()):
        return Attribute
    try:
        return inspect.getattr_static(above, name)
    except AttributeError:
        if name in _attributes(above):
            return Attribute
        raise


def _attributes(kind: type) -> set[str]:
    """Return what a class's annotations and the `self.name = …` of its source give to its instances."""
    found: set[str] = set()
    for one in kind.__mro__[:-1]:
        found |= set(vars(one).get("__annotations__", {}))
        try:
            source = ast.parse(inspect.cleandoc("\n" + inspect.getsource(one)))
        except (OSError, TypeError, SyntaxError):
            continue
        found |= {
            node.attr
            for node in ast.walk(source)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
        }
    return found


def complaints(path: str, kind: str, *parameters: str) -> list[str]:
    """Return what is wrong with a name."""
    owner = path.rpartition(".")[0]
    if (
        "." in owner
        and path in SURFACE["names"]
        and owner in SURFACE["names"]
        and support_table.level(find(owner)) == "refused"
    ):
        return []
    try:
        found = find(path)
    except (AttributeError, ImportError) as error:
        return [f"{path} is missing ({error})"]
    if isinstance(found, (classmethod, staticmethod)):
        found = found.__func__
    if kind == "class" and not inspect.isclass(found):
        return [f"{path} is not a class"]
    if kind == "function" and not callable(found):
        return [f"{path} cannot be called"]
    if isinstance(found, EnumMeta):  # the signature of an enumeration is Python's and differs by its version
        return []
    if support_table.level(found) == "refused" or not parameters:
        return []
    return [f"{path}({one})" for one in parameters if not _takes(found, one)]


def _takes(found: Callable[..., Any], parameter: str) -> bool:
    """Whether a parameter is there, with wandb's default."""
    name, has_default, default = parameter.partition("=")
    taken = inspect.signature(found).parameters
    if name not in taken:
        return any(one.kind is one.VAR_KEYWORD for one in taken.values())
    if not has_default:
        return True
    ours = taken[name].default
    return ours is not inspect.Parameter.empty and (default == "'?'" or repr(ours) == default)


def test_every_name_is_there_as_wandb_has_it() -> None:
    """Names, kinds, parameters and defaults of wandb's public API."""
    names = {path: about for path, about in SURFACE["names"].items() if not path.startswith(ABSENT)}
    assert [output for path, about in names.items() for output in complaints(path, *about)] == []


@pytest.mark.parametrize("path", SURFACE["lost"])
def test_names_that_wandb_has_lost_are_there(path: str) -> None:
    """What older releases had and projects still use."""
    if path.startswith(ABSENT):
        pytest.skip(f"{path} needs a library that is not installed")
    assert complaints(path, "value") == []


def test_settings_have_wandbs_defaults() -> None:
    """Every setting is known, begins as with wandb, and can be given by its environment variable."""
    settings = wandb.Settings()
    wrong = {
        name: getattr(settings, name, "missing")
        for name, default in SURFACE["settings"].items()
        if json.loads(json.dumps(getattr(settings, name, "missing"), default=str)) != default
    }
    assert wrong == {}


def test_every_command_takes_wandbs_options() -> None:
    """Each command of `wandb` is there; one that does not refuse takes the options of wandb's."""
    missing = []
    for path, options in SURFACE["commands"].items():
        command: Any = cli
        for word in path.split():
            command = command.commands.get(word) if isinstance(command, click.Group) else command
        if command is None:
            missing.append(path)
        elif not command.hidden or path in ("on", "off", "projects"):
            known = {flag for one in command.params for flag in (*one.opts, *one.secondary_opts)}
            missing += [f"{path} {flag}" for flag in options if flag not in {*known, "--help", "-h"}]
    assert missing == []


def _present(path: str) -> bool:
    """Whether a name is there: the members of a refused class are not."""
    try:
        find(path)
    except AttributeError:
        return False
    return True


APART = ["launch", "queue", "job", "automation", "integration", "slack", "sandbox", "registry", "registries"]
# What is refused beside them, as a Pluto server has no call for it and nothing else would do.
NO_CALL = {
    *("Api.create_user", "Api.create_team", "User.create", "Team.create"),  # a key cannot create users
    "File.delete",
    "wandb.proto",  # the journal has another form
}


def test_each_name_says_how_it_is_supported() -> None:
    """Launch, sandbox, automations and registries are refused, and the few calls that a server would have to have."""
    levels = {
        path: support_table.level(find(path))
        for path in SURFACE["names"]
        if not path.startswith(ABSENT) and _present(path)
    }
    assert set(levels.values()) == set(support_table.LEVELS)
    refused = [path for path, level in levels.items() if level == "refused"]
    others = {path for path in refused if not any(word in path.lower() for word in APART)}
    assert {one for one in NO_CALL if any(path.endswith(one) for path in others)} == NO_CALL
    assert [path for path in others if not path.endswith(tuple(NO_CALL))] == []


@needs("torch")
def test_the_table_names_everything_once() -> None:
    """`docs/supported.md` and `doctor --api` show each name with its level, and a word about those that differ."""
    table = [one for rows in support_table.table().values() for one in rows]
    assert len({one.name for one in table}) == len(table) >= 200
    assert [one.name for one in table if one.level == "refused" and not one.how] == []
