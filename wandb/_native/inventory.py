"""Lists the names of wandb that a code base uses, and how each is supported.

Sources are parsed and not run: what `import wandb`, `from wandb import …` and their aliases name, and methods of what
`wandb.init`, `wandb.run`, `wandb.Api` and `wandb.Artifact` return when it is assigned to a variable.
"""

from __future__ import annotations

import ast
import importlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from wandb._native import support_table

SKIPPED = {".git", ".venv", "venv", "node_modules", "site-packages", "__pycache__", "wandb"}
# What a call or an attribute returns, as the path of its class.
RETURNS = {"wandb.init": "wandb.Run", "wandb.run": "wandb.Run"}


class Use(NamedTuple):
    """One place that uses a name: `wandb.Run.log` for `run.log`."""

    name: str
    file: str
    line: int


class Row(NamedTuple):
    """One name: `level` is one of `support_table.LEVELS`, or `unknown`; `places` are `file:line`."""

    name: str
    level: str
    how: str
    uses: int
    places: list[str]


def sources(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the text of every Python file and of the code of every notebook below the paths."""
    for path in paths:
        files = [path] if path.is_file() else sorted(path.rglob("*"))
        for file in files:
            if file.suffix not in (".py", ".ipynb") or SKIPPED & set(file.relative_to(path).parts[:-1]):
                continue
            try:
                text = file.read_text(encoding="utf-8", errors="replace")
                yield file, _code_of_notebook(text) if file.suffix == ".ipynb" else text
            except (OSError, ValueError, KeyError, TypeError):
                continue  # neither a notebook nor a readable file


def _code_of_notebook(text: str) -> str:
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    lines = "\n".join("".join(cell["source"]) for cell in cells).split("\n")
    return "\n".join("pass" if line.lstrip()[:1] in ("%", "!") else line for line in lines)


def uses(file: Path, text: str) -> list[Use]:
    """Return the uses of wandb's names in a source; none where it cannot be parsed."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    found = _Names(str(file))
    found.visit(tree)
    return found.uses


class _Names(ast.NodeVisitor):
    """Follows aliases and variables through a module, in the order of its lines; scopes are not distinguished."""

    def __init__(self, file: str) -> None:
        self.uses: list[Use] = []
        self._file = file
        self._known: dict[str, str] = {}  # variable: path of the module, class or function that it names

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.name.split(".")[0] == "wandb":
                self._known[alias.asname or "wandb"] = alias.name if alias.asname else "wandb"
                if alias.name != "wandb":
                    self._use(alias.name, node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level == 0 and (node.module or "").split(".")[0] == "wandb":
            for alias in node.names:
                path = f"{node.module}.{alias.name}"
                if alias.name != "*":
                    self._known[alias.asname or alias.name] = path
                    self._use(path, node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        self._bind(node.targets, node.value)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                self._bind([item.optional_vars], item.context_expr)
        for statement in node.body:
            self.visit(statement)

    visit_AsyncWith = visit_With  # type: ignore[assignment] # it has the same fields

    def visit_Attribute(self, node: ast.Attribute) -> None:
        path = self._path(node)
        if path is None:
            self.generic_visit(node)
        else:
            self._use(path, node)
            inner = node.value
            while isinstance(inner, (ast.Attribute, ast.Call)):  # `wandb.init().log` uses both
                if isinstance(inner, ast.Call):
                    self.visit(inner)
                    return
                inner = inner.value

    def _bind(self, targets: list[ast.expr], value: ast.expr) -> None:
        """Note what a variable is from now on; one that gets anything else is forgotten."""
        kind = self._returned(value)
        for target in targets:
            name = ast.unparse(target) if isinstance(target, (ast.Name, ast.Attribute)) else ""
            if kind:
                self._known[name] = kind
            else:
                self._known.pop(name, None)

    def _returned(self, value: ast.expr) -> str | None:
        """Return the class of a value that comes from wandb."""
        path = self._path(value.func if isinstance(value, ast.Call) else value)
        if path is None:
            return None
        if path in RETURNS:
            return RETURNS[path]
        return path if isinstance(value, ast.Call) and path.rpartition(".")[2][:1].isupper() else None

    def _path(self, node: ast.expr) -> str | None:
        """Return the path that an expression names: `run.log` is `wandb.Run.log`."""
        if isinstance(node, (ast.Name, ast.Attribute)) and (known := self._known.get(ast.unparse(node))):
            return known
        if isinstance(node, ast.Attribute) and (owner := self._owner(node.value)) is not None:
            return f"{RETURNS.get(owner, owner) if owner == 'wandb.run' else owner}.{node.attr}"
        return None

    def _owner(self, node: ast.expr) -> str | None:
        """Return the path of what an attribute is looked up in, which may be what a call returns."""
        return self._returned(node) if isinstance(node, ast.Call) else self._path(node)

    def _use(self, path: str, node: ast.AST) -> None:
        self.uses.append(Use(path, self._file, getattr(node, "lineno", 0)))


def support(path: str) -> support_table.Support:
    """Return how the thing at a path is supported; what is deeper than a name of wandb counts as that name."""
    thing: Any = importlib.import_module("wandb")
    parts = path.split(".")
    for at in range(1, len(parts)):
        name = ".".join(parts[: at + 1])
        inner = _inner(thing, name, parts[at])
        if inner is None:
            if isinstance(thing, type):  # an attribute that its objects get in `__init__` is annotated
                known = any(parts[at] in vars(base).get("__annotations__", {}) for base in thing.__mro__)
                return support_table.Support(name, "full" if known else "unknown", "")
            if isinstance(thing, ModuleType):
                return support_table.Support(name, "unknown", "")
            return support_table.of(".".join(parts[:at]), thing)
        thing = inner
        if (found := support_table.of(name, thing)).level == "refused":
            return found
    return support_table.of(path, thing)


def _inner(owner: Any, path: str, name: str) -> Any:
    try:
        return getattr(owner, name)
    except Exception:  # a name whose library is missing raises in its own way
        try:
            return importlib.import_module(path)
        except Exception:
            return None


def inventory(paths: Iterable[Path]) -> list[Row]:
    """Return the names that are used, those that need attention first, then by the number of uses."""
    places: dict[str, list[str]] = {}
    how: dict[str, support_table.Support] = {}
    for file, text in sources(paths):
        if "wandb" in text:
            for use in uses(file, text):
                found = support(use.name)
                how[found.name] = found
                places.setdefault(found.name, []).append(f"{use.file}:{use.line}")
    order = ["unknown", "refused", "accepted", "mapped", "full"]
    rows = [Row(name, one.level, one.how, len(places[name]), places[name]) for name, one in how.items()]
    return sorted(rows, key=lambda row: (order.index(row.level), -row.uses, row.name))


if __name__ == "__main__":  # for `wandb-compat inventory`, whose process may have another wandb
    print(json.dumps(inventory(map(Path, sys.argv[1:]))))
