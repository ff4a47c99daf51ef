"""Every example of the pages runs, and what is generated is up to date."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.environments import ROOT
from wandb_compat.config.settings import Settings
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
        done = subprocess.run(
            [sys.executable, "-c", block], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr


def test_the_readme_reads_back_what_it_logged(
    clean_environment: dict[str, str], pluto_server: Running, tmp_path: Path
) -> None:
    """The first example logs and the second one prints what has arrived."""
    environment = {**clean_environment, **pluto_server.environment(), "PLUTO_PROJECT": "readme"}
    log, read = blocks(ROOT / "README.md", "python")
    subprocess.run([sys.executable, "-c", log], cwd=tmp_path, env=environment, check=True, capture_output=True)
    output = subprocess.run(
        [sys.executable, "-c", read.replace("my-awesome-project", "readme")],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert "COMPLETED" in output.stdout, output.stderr
    assert "0.1" in output.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_exists(page: Path) -> None:
    """Each `wandb-compat …` of a page is a command with the options that the page gives it."""
    text = page.read_text(encoding="utf-8")
    for words in {match.strip() for match in re.findall(r"(?<![\w/\"-])wandb-compat ([a-z]+[^`#\n]*)[`#\n]", text)}:
        name, *rest = shlex.split(words)
        options = [word for word in rest if word.startswith("--") and word != "--"]
        output = subprocess.run([sys.executable, "-m", "wandb_compat", name, "--help"], capture_output=True, text=True)
        assert output.returncode == 0, f"{page.name}: wandb-compat {words}"
        assert all(option.split("=")[0] in output.stdout for option in options), f"{page.name}: wandb-compat {words}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_variable_that_is_named_is_read(page: Path) -> None:
    """A page names no variable that nothing reads."""
    named = set(re.findall(r"\b(?:WANDB_COMPAT|PLUTO|DISABLE_WANDB)[A-Z_]*\b", page.read_text(encoding="utf-8")))
    placeholders = {name for name in named if name.endswith("_")}
    assert named - placeholders <= Settings.variables().keys()


def test_the_configuration_page_is_up_to_date() -> None:
    """The page says what the settings model says."""
    subprocess.run([sys.executable, str(ROOT / "docs" / "generate.py"), "--check"], check=True)
