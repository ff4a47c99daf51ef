"""The import hook works with and without the private parts of Python's import system that it uses."""

import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.unit.import_hook.test_lazy_module import end_in_time, use
from wandb_compat.import_hook import lazy_module, python_internals

ROOT = Path(__file__).parents[3]
PRIVATE = re.compile(r"_frozen_importlib|\b_imp\b|_module_locks|_blocking_on|importlib\._bootstrap|from _bootstrap")
PACKAGE = """
if not loading.is_set():
    loading.set()
    waiting.wait(120)
    import lazy_package.part
    last = 1
"""


@pytest.fixture(params=["names there", "names gone"])
def names(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """This Python as it is, and one whose import system has none of the names that we use."""
    if request.param == "names gone":
        monkeypatch.setattr(python_internals, "_import_system", SimpleNamespace())
        monkeypatch.setattr(lazy_module, "WAIT_WITHOUT_INTERNALS", 0.5)
    return str(request.param)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A lazy package that signals that it is being loaded, waits, and then imports its own submodule."""
    (tmp_path / "lazy_package").mkdir()
    (tmp_path / "lazy_package" / "__init__.py").write_text(PACKAGE)
    (tmp_path / "lazy_package" / "part.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    from importlib.util import find_spec, module_from_spec

    spec = find_spec("lazy_package")
    assert spec is not None and spec.loader is not None
    spec.loader = lazy_module.LazyLoader(spec.loader)
    module = sys.modules["lazy_package"] = module_from_spec(spec)
    vars(module).update(loading=threading.Event(), waiting=threading.Event())
    spec.loader.exec_module(module)
    yield module
    for name in ("lazy_package", "lazy_package.part"):
        sys.modules.pop(name, None)


def test_this_python_has_the_names() -> None:
    """When this fails, follow docs/new-python-versions.md: without the names, some waits take 30 seconds."""
    assert python_internals.missing() == []


def test_private_names_are_in_one_module() -> None:
    """Private parts of the import system are used in `python_internals.py` alone."""
    files = [file for package in ("wandb", "wandb_compat") for file in (ROOT / package).rglob("*.py")]
    found = [file.name for file in files if PRIVATE.search(file.read_text(encoding="utf-8"))]
    assert found == ["python_internals.py"]


def test_missing_names_are_answered_safely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the names no lock is held and no thread blocks another, as far as we know."""
    monkeypatch.setattr(python_internals, "_import_system", SimpleNamespace())
    assert python_internals.missing() == [*python_internals.NAMES]
    assert python_internals.module_locks_held("wandb") == []
    assert python_internals.import_lock_owners(threading.get_ident()) == []


def test_unknown_locks_are_answered_safely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Locks without an `owner`, as a later Python may have them, are left alone."""
    thread, lock = threading.get_ident(), threading.Lock()
    system = SimpleNamespace(_module_locks={"wandb.sdk": lambda: lock}, _blocking_on={thread: [lock]})
    monkeypatch.setattr(python_internals, "_import_system", system)
    assert python_internals.module_locks_held("wandb") == []
    assert python_internals.import_lock_owners(thread) == []


def test_import_of_a_submodule_during_the_load(package: ModuleType, names: str) -> None:
    """A thread imports a submodule while another loads the package, which imports the same submodule: both end."""
    loading = use(package)
    assert package.__dict__["loading"].wait(120)
    importing = threading.Thread(target=__import__, args=("lazy_package.part",), daemon=True)
    importing.start()
    package.__dict__["waiting"].set()
    assert end_in_time(loading, importing)
    assert package.last == 1 and package.part.value == 1


def test_modules_that_use_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: str) -> None:
    """Two threads load one module each, which uses the other: both end, after a bounded wait without the names."""
    monkeypatch.syspath_prepend(tmp_path)
    from importlib.util import find_spec, module_from_spec

    barrier = threading.Barrier(2, timeout=20)
    modules = []
    for own, other in (("lazy_one", "lazy_two"), ("lazy_two", "lazy_one")):
        (tmp_path / f"{own}.py").write_text(
            f"import {other}\nbarrier.wait()\nseen = getattr({other}, 'last', None)\nlast = 1\n"
        )
        spec = find_spec(own)
        assert spec is not None and spec.loader is not None
        spec.loader = lazy_module.LazyLoader(spec.loader)
        module = module_from_spec(spec)
        monkeypatch.setitem(sys.modules, own, module)
        vars(module)["barrier"] = barrier
        spec.loader.exec_module(module)
        modules.append(module)
    assert end_in_time(*map(use, modules))
    assert [module.last for module in modules] == [1, 1]
