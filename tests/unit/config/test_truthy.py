"""Yes and no in environment values: the same words for every reader."""

import pytest
from pydantic import TypeAdapter

from wandb_compat.config.truthy import FALSE, TRUE, is_false, is_true


@pytest.mark.parametrize("text", [*sorted(TRUE), *(word.upper() for word in sorted(TRUE)), " true\n"])
def test_yes(text: str) -> None:
    """Every word for yes is one, in either case and with blanks around it."""
    assert is_true(text)
    assert not is_false(text)


@pytest.mark.parametrize("text", [*sorted(FALSE), "Off", " 0 "])
def test_no(text: str) -> None:
    """Every word for no is one."""
    assert is_false(text)
    assert not is_true(text)


@pytest.mark.parametrize("text", [None, "", " ", "2", "maybe"])
def test_neither(text: str | None) -> None:
    """Everything else is neither."""
    assert not is_true(text)
    assert not is_false(text)


def test_the_settings_model_reads_the_same_words() -> None:
    """Pydantic, which reads the settings of the environment, takes exactly these words."""
    boolean = TypeAdapter(bool)
    assert all(boolean.validate_python(word) for word in TRUE)
    assert not any(boolean.validate_python(word) for word in FALSE)
