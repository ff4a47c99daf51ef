"""Lazy modules never make threads wait for each other forever."""

import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from wandb_compat.import_hook import lazy_module

MakeLazy = Callable[..., ModuleType]


@pytest.fixture
def make_lazy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeLazy]:
    """Makes imported lazy modules from source; keyword arguments become their globals."""
    monkeypatch.syspath_prepend(tmp_path)
    made = []

    def make(name: str, source: str, **values: object) -> ModuleType:
        (tmp_path / f"{name}.py").write_text(source)
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.loader is not None
        spec.loader = lazy_module.LazyLoader(spec.loader)
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        vars(module).update(values)
        spec.loader.exec_module(module)
        made.append(name)
        return module

    yield make
    for name in made:
        del sys.modules[name]


def use(module: ModuleType) -> threading.Thread:
    """Read a module's name `last` in a new thread."""
    thread = threading.Thread(target=getattr, args=(module, "last", None), daemon=True)
    thread.start()
    return thread


def end_in_time(*threads: threading.Thread) -> bool:
    for thread in threads:
        thread.join(120)
    return not any(thread.is_alive() for thread in threads)


def test_two_modules_that_use_each_other(make_lazy: MakeLazy) -> None:
    """Two threads load one module each, which uses the other: one continues with what is there, and both end."""
    barrier = threading.Barrier(2, timeout=20)
    source = "import {0}\nbarrier.wait()\nseen = getattr({0}, 'last', None)\nlast = 1\n"
    first = make_lazy("lazy_a", source.format("lazy_b"), barrier=barrier)
    second = make_lazy("lazy_b", source.format("lazy_a"), barrier=barrier)
    assert end_in_time(use(first), use(second))
    assert {first.seen, second.seen} == {1, None}
    assert type(first) is type(second) is ModuleType


def test_a_module_that_imports_its_user(make_lazy: MakeLazy, tmp_path: Path) -> None:
    """A module that is being imported waits for a lazy one, which imports that module while loading: both end."""
    inside, waits = threading.Event(), threading.Event()
    module = make_lazy(
        "lazy_c", "inside.set()\nwaits.wait(120)\nimport its_user\nlast = 1\n", inside=inside, waits=waits
    )
    (tmp_path / "its_user.py").write_text(
        "import lazy_c\nvars(lazy_c)['waits'].set()\nseen = getattr(lazy_c, 'last', None)\n"
    )
    loading = use(module)
    assert inside.wait(120)
    importing = threading.Thread(target=__import__, args=("its_user",), daemon=True)
    importing.start()
    assert end_in_time(loading, importing)
    assert module.last == 1
    assert sys.modules.pop("its_user").seen is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_fork_during_a_load(make_lazy: MakeLazy) -> None:
    """A child that was forked while another thread was loading does not wait for that thread."""
    inside, go = threading.Event(), threading.Event()
    module = make_lazy("lazy_d", "inside.set()\ngo.wait(120)\nlast = 1\n", inside=inside, go=go)
    loading = use(module)
    assert inside.wait(120)
    child = os.fork()
    if child == 0:
        os._exit(0 if not lazy_module.wait_until_loaded(module) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    go.set()
    assert end_in_time(loading) and module.last == 1
