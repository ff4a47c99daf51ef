"""The name of the real wandb's top level in `sys.modules`, and how our frames stay out of its tracebacks."""

ALIAS = "_wandb_real"


def hide_frame(error: BaseException) -> None:
    """Remove the calling frame from the traceback of an error that it re-raises: scripts see what wandb alone shows.

    Python 3.10 adds the frame again.
    """
    if error.__traceback__ is not None:
        error.__traceback__ = error.__traceback__.tb_next
