"""The pages for contributors name files that exist."""

import re

import pytest

from tests.helpers.environments import ROOT

TASKS = re.findall(
    r"^\| ([^|]+) \| `([^`]+)` \|$", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE
)


def test_there_are_twenty_tasks() -> None:
    """Each task has a different file."""
    assert len(TASKS) >= 20
    assert len({file for _, file in TASKS}) == len(TASKS)


@pytest.mark.parametrize("file", [file for _, file in TASKS])
def test_the_file_of_each_task_exists(file: str) -> None:
    """The table "Where do I change …?" follows the tree."""
    assert (ROOT / file).is_file()


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "README.md", "SECURITY.md", "CHANGELOG.md", "docs/index.md"])
def test_links_to_files_lead_somewhere(page: str) -> None:
    """Relative links outside the documentation site; `mkdocs build --strict` checks those of the site."""
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{page}: {target}"


@pytest.mark.parametrize("page", ["contract", "reliability", "security"])
def test_the_tests_that_a_page_names_exist(page: str) -> None:
    """A promise whose test was renamed would be untested for its reader."""
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(tests/[\w/.]+)`", text))
    assert named and [name for name in named if not (ROOT / name).exists()] == []
