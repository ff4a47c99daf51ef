"""Interrupts wait for the end of a block that must not be left in the middle."""

import signal
import threading
from collections.abc import Iterator

import pytest

from wandb_compat.config import interrupts


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    """Python's own handler of SIGINT, whatever the test runner has set."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_interrupt_comes_after_the_block() -> None:
    """The block is completed, then KeyboardInterrupt is raised, and the handler is what it was."""
    steps = []
    with pytest.raises(KeyboardInterrupt), interrupts.postponed():
        signal.raise_signal(signal.SIGINT)
        steps.append("completed")
    assert steps == ["completed"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_second_interrupt_comes_at_once() -> None:
    """A block that hangs can be left with a second Ctrl-C."""
    steps = []
    with pytest.raises(KeyboardInterrupt), interrupts.postponed():
        signal.raise_signal(signal.SIGINT)
        steps.append("first")
        signal.raise_signal(signal.SIGINT)
        steps.append("second")
    assert steps == ["first"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_in_the_block_is_raised() -> None:
    """Without a signal the block's own exception passes."""
    with pytest.raises(ValueError, match="mine"), interrupts.postponed():
        raise ValueError("mine")


def test_other_threads_are_left_alone() -> None:
    """In a thread, where no handler can be set, the block runs as it is."""
    steps = []

    def work() -> None:
        with interrupts.postponed():
            steps.append("completed")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert steps == ["completed"]


def test_ignored_signals_stay_ignored() -> None:
    """A script that ignores SIGINT is not interrupted, neither within the block nor after it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interrupts.postponed():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
