"""Identifiers: project prefixes, display ids, groups of log names."""

from __future__ import annotations

import re


def prefix(project: str) -> str:
    """Return the display id prefix of a project: `my-ml-project` gives `MMP`, `vision` gives `VIS`."""
    words = [word for word in (re.sub(r"[^A-Za-z0-9]", "", part) for part in re.split(r"[-_.\s]+", project)) if word]
    if not words:
        return "RUN"
    if len(words) == 1:
        return words[0][:3].upper()
    initials = "".join(word[0] for word in words)
    padding = words[-1][1 : 1 + max(0, 3 - len(initials))]
    return (initials + padding)[:4].upper()


def group(log_name: str) -> str:
    """Return the part of a log name before its last slash, or an empty text."""
    return log_name.rpartition("/")[0]
