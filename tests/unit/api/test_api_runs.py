"""What a run that was read back tells: names, configuration, summary, state."""

import pytest

import wandb
from wandb._native.api import paths


@pytest.mark.parametrize(
    ("path", "found"),
    [(None, ("e", "p")), ("", ("e", "p")), ("x", ("e", "x")), ("a/x", ("a", "x")), ("/a/x/", ("a", "x"))],
)
def test_paths_of_projects(path: str | None, found: tuple[str, str]) -> None:
    """A project's path has an entity in front or takes the default."""
    assert paths.project_path(path, "e", "p") == found
    assert paths.project_path(None, None, None) == (None, "uncategorized")


def test_without_a_key_the_api_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key is a UsageError that names the command; a wandb key is not sent to Pluto."""
    with pytest.raises(wandb.UsageError, match="wandb-compat login"):
        wandb.Api()
    with pytest.raises(wandb.UsageError, match="wandb-compat login"):
        wandb.Api(api_key="0123456789" * 4)
