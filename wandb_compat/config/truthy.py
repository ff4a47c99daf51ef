"""Reads yes and no from environment values, the same words everywhere.

Python's standard library alone is imported here, and nothing that the interpreter has not loaded at its start.
"""

TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
FALSE = frozenset({"0", "false", "f", "no", "n", "off"})


def is_true(text: "str | None") -> bool:
    """Return whether a value means yes; case and surrounding blanks do not matter, None and "" are not yes."""
    return text is not None and text.strip().lower() in TRUE


def is_false(text: "str | None") -> bool:
    """Return whether a value means no; case and surrounding blanks do not matter, None and "" are not no."""
    return text is not None and text.strip().lower() in FALSE
