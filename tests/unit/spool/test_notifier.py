"""Messages to the user."""

from wandb_compat.spool.notifier import CallbackNotifier, Notifier


def test_once_shows_the_first_message_of_a_kind() -> None:
    """Of one kind only the first message is shown, at whatever level; without a kind each is."""
    shown: list[tuple[str, str]] = []
    notifier: Notifier = CallbackNotifier(lambda level, text: shown.append((level, text)))
    notifier.warning("first", once="disk")
    notifier.error("second", once="disk")
    notifier.info("third")
    notifier.info("third")
    assert shown == [("warning", "first"), ("info", "third"), ("info", "third")]


def test_a_failing_output_is_not_the_callers_trouble() -> None:
    """What the output raises goes no further."""

    def closed(level: str, text: str) -> None:
        raise ValueError("I/O operation on closed file")

    CallbackNotifier(closed).error("the disk is full")
