"""A file fits on a few screens, and no function nests deeper than four blocks."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
MAX_LINES = 400
MAX_NESTING = 4
# Without its docstrings each of the first four is below the limit too: the length is the documentation.
LONG = {
    "wandb/apis/public/api.py": "one public class, whose methods must all be documented",
    "wandb/sdk/artifacts/artifact.py": "one public class, whose methods must all be documented",
    "wandb/sdk/data_types/table.py": "one public class, whose methods must all be documented",
    "wandb/sdk/wandb_run.py": "one public class, whose methods must all be documented",
    "wandb/sdk/data_types/_dtypes.py": "small classes that refer to each other and whose pickles name this module",
}
BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def sources() -> Iterator[tuple[str, str]]:
    """Yield path and text of each module of both packages."""
    for package in ("wandb", "wandb_compat"):
        for path in (ROOT / package).rglob("*.py"):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def documentation_lines(text: str) -> int:
    """Return how many lines the docstrings of a module have."""
    count = 0
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS)) and ast.get_docstring(node) is not None:
            count += (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
    return count


def nesting(node: ast.AST) -> int:
    """Return how many blocks the deepest statement is in; `elif` counts as its `if`, a function inside not at all."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
            deepest = max(deepest, nesting(child) + (isinstance(child, BLOCKS) and not is_elif))
    return deepest


def test_files_are_short() -> None:
    """Files over the limit are those of the list, each with its reason, and no longer than their docstrings explain."""
    lengths = {path: len(text.splitlines()) for path, text in sources()}
    assert {path for path, length in lengths.items() if length > MAX_LINES} == set(LONG)
    for path, reason in LONG.items():
        if "documented" in reason:
            assert lengths[path] - documentation_lines((ROOT / path).read_text(encoding="utf-8")) <= MAX_LINES, path


def test_functions_are_flat() -> None:
    """No function nests blocks deeper than four."""
    deep = [
        f"{path}:{node.lineno} {node.name}: {nesting(node)}"
        for path, text in sources()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, FUNCTIONS) and nesting(node) > MAX_NESTING
    ]
    assert not deep, "\n".join(deep)


def test_nesting_is_counted() -> None:
    """Each block counts one, `elif` nothing, and a function inside another starts anew."""
    text = """
def outer():
    if a:
        pass
    elif b:
        for c in d:
            with e:
                f()
    def inner():
        while g:
            try:
                h()
            finally:
                i()
"""
    outer, inner = (node for node in ast.walk(ast.parse(text)) if isinstance(node, FUNCTIONS))
    assert (nesting(outer), nesting(inner)) == (3, 2)
