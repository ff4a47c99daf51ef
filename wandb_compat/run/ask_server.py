"""Asks the Pluto server a question in a bounded time."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from wandb_compat.config.limits import RESUME_TIMEOUT
from wandb_compat.spool import threads
from wandb_compat.wire.errors import EndpointError, Unanswered, WireError

if TYPE_CHECKING:
    from wandb_compat.config.settings import Settings
    from wandb_compat.wire.client import Client

Answer = TypeVar("Answer")


def ask_server(own: Settings, key: str, question: Callable[[Client], Answer]) -> Answer:
    """Return the server's answer to a question, or raise after RESUME_TIMEOUT seconds.

    Args:
        own: our settings, which name the server.
        key: the Pluto key.
        question: takes a client and returns the answer; it runs in a thread, which a slow server may keep busy longer.

    Raises:
        Unanswered: the server cannot be reached, refuses the key, or takes too long.
    """
    from wandb_compat.wire.client import Client
    from wandb_compat.wire.endpoints import resolve

    answers: list[Answer] = []
    errors: list[Exception] = []

    def run() -> None:
        answers.append(question(Client(resolve(own.urls), key)))

    began = monotonic()
    if (asking := threads.start("question", run, errors.append)) is None:
        raise Unanswered("the system refuses a new thread, which asking the Pluto server needs")
    asking.join(RESUME_TIMEOUT)
    if answers:
        return answers[0]
    if not errors:
        raise Unanswered(f"the Pluto server has not answered for {monotonic() - began:.0f} s")
    if isinstance(errors[0], (WireError, EndpointError)):
        raise Unanswered(str(errors[0])) from errors[0]
    raise errors[0]
