"""Every example of the pages runs."""

import re
import sys
from pathlib import Path

import pytest

from tests.helpers import warm_python
from tests.helpers.environments import ROOT
from wandb_compat.server.serve import Running

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a page that are in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_python_examples_run(
    page: Path, clean_environment: dict[str, str], pluto_server: Running, tmp_path: Path
) -> None:
    """The blocks of a page, run one after the other as a reader would, all end well."""
    environment = {**clean_environment, **pluto_server.environment()}
    for block in blocks(page, "python"):
        done = warm_python.run([sys.executable, "-c", block], cwd=tmp_path, env=environment, timeout=60)
        assert done.returncode == 0, done.stderr


def test_the_readme_reads_back_what_it_logged(
    clean_environment: dict[str, str], pluto_server: Running, tmp_path: Path
) -> None:
    """The first example logs and the second one prints what has arrived."""
    environment = {**clean_environment, **pluto_server.environment(), "PLUTO_PROJECT": "readme"}
    log, read = blocks(ROOT / "README.md", "python")
    logged = warm_python.run([sys.executable, "-c", log], cwd=tmp_path, env=environment)
    assert logged.returncode == 0, logged.stderr
    read = read.replace("my-awesome-project", "readme")
    output = warm_python.run([sys.executable, "-c", read], cwd=tmp_path, env=environment)
    assert "COMPLETED" in output.stdout, output.stderr
    assert "0.1" in output.stdout
