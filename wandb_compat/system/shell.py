"""Lines for the user's shell."""

from __future__ import annotations

import shlex
import sys


def assignment(name: str, value: str) -> str:
    """Return the line that sets an environment variable in the shell of this system."""
    if sys.platform == "win32":
        return f'$env:{name} = "{value}"'  # PowerShell
    return f"export {name}={shlex.quote(value)}"
