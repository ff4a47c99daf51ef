"""The two ways in which a Pluto server names a run: its number, and its display id such as `MMP-12`."""

from __future__ import annotations

import re

DISPLAY_ID = re.compile(r"[A-Z0-9]{1,4}-[0-9]+")
RUN_NUMBER = re.compile(r"[0-9]{1,18}")  # 64 bits on the server


def is_display_id(text: str) -> bool:
    """Whether a text has the form of a display id."""
    return DISPLAY_ID.fullmatch(text) is not None


def is_run_number(text: str) -> bool:
    """Whether a text has the form of a run's number."""
    return RUN_NUMBER.fullmatch(text) is not None
