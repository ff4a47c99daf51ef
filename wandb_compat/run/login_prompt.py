"""Asks at a terminal where runs go, when nothing is configured."""

from __future__ import annotations

from collections.abc import Callable

from wandb_compat.config import login_choice
from wandb_compat.config.login_choice import DISK, LOCAL, SERVER

QUESTION = """Where do your runs go?
(1) To a Pluto server on this machine: no account, it starts by itself
(2) To a Pluto server that you have a key of
(3) Nowhere, keep them on disk; `wandb-compat sync` sends them later
Your choice: """
_KINDS = {"1": LOCAL, "2": SERVER, "3": DISK}


def ask(prompt: Callable[[str], str], say: Callable[[str], object]) -> str | None:
    """Return the kind of choice that the user makes.

    Args:
        prompt: shows a question and returns the answer.
        say: shows a message.

    Returns:
        LOCAL, SERVER or DISK; None when the input ends.
    """
    while True:
        try:
            answer = prompt(QUESTION).strip()
        except EOFError:
            return None
        if kind := _KINDS.get(answer):
            return kind
        say(f"{answer!r} is not 1, 2 or 3.")


def choose_local(say: Callable[[str], object]) -> bool:
    """Remember this machine's server, and start it; return whether it runs.

    Args:
        say: shows a message.
    """
    place = login_choice.remember(login_choice.Choice(LOCAL))
    login_choice.ensure_local_server(say)
    if login_choice.local_server() is None:
        login_choice.forget()
        return False
    say(f"Runs go to the Pluto server of this machine; {place} remembers that.")
    return True


def choose_disk(say: Callable[[str], object]) -> None:
    """Remember that runs stay on disk.

    Args:
        say: shows a message.
    """
    place = login_choice.remember(login_choice.Choice(DISK))
    say(f"Runs are kept on disk; {place} remembers that, and `wandb-compat login` changes it.")
