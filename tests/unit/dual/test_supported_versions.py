"""Which releases of the real wandb dual mode warns of, and that the documentation names the tested ones."""

import pytest

from tests.helpers.environments import ROOT
from wandb_compat.dual import supported_versions


@pytest.mark.parametrize(
    ("version", "known"),
    [("0.17.9", False), ("0.18.0", True), ("0.22.3", True), ("0.31.9", True), ("0.32.0rc1", False), ("dev", False)],
)
def test_known_versions(version: str, known: bool) -> None:
    """Releases from the oldest to the newest that is tested are served without a word, all others with one sentence."""
    findings = supported_versions.warning(version)
    assert (findings is None) == known
    if findings is not None:
        assert (
            version in findings
            and supported_versions.TESTED[0] in findings
            and supported_versions.TESTED[-1] in findings
        )


def test_the_page_names_the_tested_releases() -> None:
    """The table of the documentation says what the code says."""
    page = (ROOT / "docs" / "dual-mode.md").read_text()
    assert f"| {', '.join(supported_versions.TESTED)} | tested |" in page
