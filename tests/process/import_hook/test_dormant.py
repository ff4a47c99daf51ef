"""Modules that sleep until their first use never make threads wait for each other for ever."""

import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from wandb_compat.import_hook import lazy_module

Sleeper = Callable[..., ModuleType]


@pytest.fixture
def sleeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sleeper]:
    """Makes modules of the given source that have been imported and sleep, with what they are given as globals."""
    monkeypatch.syspath_prepend(tmp_path)
    made = []

    def make(name: str, source: str, **given: object) -> ModuleType:
        (tmp_path / f"{name}.py").write_text(source)
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.loader is not None
        spec.loader = lazy_module.Deferred(spec.loader)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        vars(module).update(given)
        spec.loader.exec_module(module)
        made.append(name)
        return module

    yield make
    for name in made:
        del sys.modules[name]


def use(module: ModuleType) -> threading.Thread:
    """Use a module's `last` name in a thread of its own."""
    thread = threading.Thread(target=getattr, args=(module, "last", None), daemon=True)
    thread.start()
    return thread


def ended(*threads: threading.Thread) -> bool:
    for thread in threads:
        thread.join(20)
    return not any(thread.is_alive() for thread in threads)


def test_two_that_need_each_other(sleeper: Sleeper) -> None:
    """Each is used first by a thread of its own and uses the other: one goes on with what is there, and both end."""
    both = threading.Barrier(2, timeout=20)
    source = "import {0}\nboth.wait()\nseen = getattr({0}, 'last', None)\nlast = 1\n"
    first = sleeper("sleeper_a", source.format("sleeper_b"), both=both)
    second = sleeper("sleeper_b", source.format("sleeper_a"), both=both)
    assert ended(use(first), use(second))
    assert {first.seen, second.seen} == {1, None}
    assert type(first) is type(second) is ModuleType


def test_one_that_imports_its_user(sleeper: Sleeper, tmp_path: Path) -> None:
    """A module that is being imported waits for a sleeper, whose loading imports that module: both end."""
    inside, waits = threading.Event(), threading.Event()
    module = sleeper(
        "sleeper_c", "inside.set()\nwaits.wait(20)\nimport its_user\nlast = 1\n", inside=inside, waits=waits
    )
    (tmp_path / "its_user.py").write_text(
        "import sleeper_c\nvars(sleeper_c)['waits'].set()\nseen = getattr(sleeper_c, 'last', None)\n"
    )
    loading = use(module)
    assert inside.wait(20)
    importing = threading.Thread(target=__import__, args=("its_user",), daemon=True)
    importing.start()
    assert ended(loading, importing)
    assert module.last == 1
    assert sys.modules.pop("its_user").seen is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_fork_in_the_middle_of_a_load(sleeper: Sleeper) -> None:
    """In a child that was forked while another thread was loading, nobody waits for that thread."""
    inside, go = threading.Event(), threading.Event()
    module = sleeper("sleeper_d", "inside.set()\ngo.wait(20)\nlast = 1\n", inside=inside, go=go)
    loading = use(module)
    assert inside.wait(20)
    child = os.fork()
    if child == 0:
        os._exit(0 if not lazy_module.wait(module) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    go.set()
    assert ended(loading) and module.last == 1
