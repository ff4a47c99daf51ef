"""The pages name no command and no variable that does not exist."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.helpers.environments import ROOT
from wandb_compat import cli
from wandb_compat.config.network import INSECURE_VARIABLES
from wandb_compat.config.settings import Settings

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(text: str) -> set[str]:
    """Return what follows `wandb-compat` in a page's blocks and between its backticks, without comments."""
    blocks = "\n".join(re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    found = re.findall(r"(?<![\w/\"-])wandb-compat ([a-z]+[^#\n]*)", blocks)
    return {words.strip() for words in (*found, *re.findall(r"`wandb-compat ([a-z]+[^`\n]*)`", text))}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_exists(page: Path) -> None:
    """Each `wandb-compat …` of a page is a command with the options that the page gives it."""
    for words in commands(page.read_text(encoding="utf-8")):
        name, *rest = shlex.split(words)
        options = [word for word in rest if word.startswith("--") and word != "--"]
        output = CliRunner().invoke(cli.main, [name, "--help"])
        assert output.exit_code == 0, f"{page.name}: wandb-compat {words}"
        assert all(option.split("=")[0] in output.output for option in options), f"{page.name}: wandb-compat {words}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_variable_that_is_named_is_read(page: Path) -> None:
    """A page names no variable that nothing reads."""
    named = set(re.findall(r"\b(?:WANDB_COMPAT|PLUTO|DISABLE_WANDB)[A-Z_]*\b", page.read_text(encoding="utf-8")))
    placeholders = {name for name in named if name.endswith("_")}
    assert named - placeholders <= {*Settings.variables(), *INSECURE_VARIABLES}
