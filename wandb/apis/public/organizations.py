"""The organisation that a Pluto key belongs to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Organization:
    """An organisation; Pluto tells its name, and nothing of who and what belongs to it."""

    name: str
