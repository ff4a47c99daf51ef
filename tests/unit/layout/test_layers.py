"""Imports follow the layers of the architecture, and no modules import each other in a circle.

Imports inside functions count; those under `TYPE_CHECKING` do not.
"""

from pathlib import Path

import grimp
import pytest
from grimp import ImportGraph
from importlinter import cli

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def graph() -> ImportGraph:
    """The imports of both packages."""
    return grimp.build_graph("wandb", "wandb_compat", exclude_type_checking_imports=True, cache_dir=None)


def test_contracts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The contracts in pyproject.toml hold."""
    monkeypatch.chdir(ROOT)
    # It would close the log handlers of other libraries, and with one of absl's the stream that pytest writes to.
    monkeypatch.setattr(cli, "_configure_logging", lambda verbose: None)
    status = cli.lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert status == cli.EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_no_circles(graph: ImportGraph) -> None:
    """No module imports itself by way of others."""
    circles = import_circles(graph)
    assert not circles, "\n".join(" ".join(circle) for circle in circles)


def test_circles_are_found() -> None:
    """A circle of three modules is one circle; a module that only uses it, or is used by it, is not part of it."""
    graph = ImportGraph()
    for importer, imported in (("a", "b"), ("b", "c"), ("c", "a"), ("user", "a"), ("b", "leaf")):
        graph.add_import(importer=importer, imported=imported)
    assert import_circles(graph) == [["a", "b", "c"]]


def import_circles(graph: ImportGraph) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or not (Tarjan's strongly connected components)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    circles = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        path.append(module)
        for imported in sorted(graph.find_modules_directly_imported_by(module)):
            if imported not in order:
                visit(imported)
                lowest[module] = min(lowest[module], lowest[imported])
            elif imported in path:
                lowest[module] = min(lowest[module], order[imported])
        if lowest[module] == order[module]:
            group = path[path.index(module) :]
            del path[path.index(module) :]
            if len(group) > 1:
                circles.append(sorted(group))

    for module in sorted(graph.modules):
        if module not in order:
            visit(module)
    return circles
