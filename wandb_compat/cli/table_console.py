"""The console that tables of commands are printed to."""

from __future__ import annotations

from rich.console import Console

WHOLE_LINES = 10_000  # characters


def table_console(piped_width: int = WHOLE_LINES) -> Console:
    """Return a console of the terminal's width.

    Args:
        piped_width: characters in a line where there is no terminal; by default lines are not broken there.
    """
    console = Console(highlight=False, markup=False)
    return console if console.is_terminal else Console(highlight=False, markup=False, width=piped_width)
