"""The implementation behind the drop-in `wandb`: it sends what scripts log to Pluto."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wandb_compat._version import __version__ as __version__


def __getattr__(name: str) -> str:
    # Every interpreter of the environment imports this package at its start: `_version` is read when it is asked for.
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from wandb_compat._version import __version__

    return __version__


def install() -> None:
    """Let `import wandb` in this process give ours, where no start-up file did: `python -S`, zip apps.

    May be called any number of times. Warns with RuntimeWarning if `wandb` was imported earlier: that module stays.

    Example:
        >>> import wandb_compat
        >>> wandb_compat.install()
        >>> import wandb
    """
    import sys

    from wandb_compat import startup
    from wandb_compat.import_hook import mode

    startup.install()
    if mode.is_foreign(sys.modules.get("wandb")):
        import warnings

        warnings.warn(
            f"wandb was imported before wandb_compat.install(), from {mode.origin(sys.modules['wandb'])}, and stays"
            " as it is in this process: call install() first",
            RuntimeWarning,
            stacklevel=2,
        )
