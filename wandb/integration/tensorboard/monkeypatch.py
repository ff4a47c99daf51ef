"""Learns from the writers of TensorBoard's event files which folders they write to."""

from __future__ import annotations

import importlib.util
import os
import re
import socket
import sys
import weakref
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

from wandb._native.run import current
from wandb.errors import Error
from wandb.errors.term import termwarn
from wandb.sdk.lib import import_hooks

# Where each library looks its writer up, and under which name.
FILE_WRITERS = (
    "torch.utils.tensorboard.writer",
    "tensorboardX.writer",
    "tensorboard.summary.writer.event_file_writer",
    "tensorflow.python.summary.writer.writer",
)
WRITER = "EventFileWriter"
TENSORFLOW_2 = "tensorflow.python.ops.gen_summary_ops"

_hooks: list[Callable[[ModuleType], Any]] = []
_open: weakref.WeakSet[Any] = weakref.WeakSet()


def patch(
    save: bool = True, tensorboard_x: bool | None = None, pytorch: bool | None = None, root_logdir: str = ""
) -> None:
    """Send what is written for TensorBoard to the run that is active when the writer is made.

    In Pluto: each step of each log folder is a row at the run's next step, with `global_step` beside its values:
    scalars, images, histograms, texts, precision-recall curves. The folder below `root_logdir` comes before each key.

    Args:
        save: keep the event files with the run.
        tensorboard_x: True: leave TensorFlow's `tf.summary` alone.
        pytorch: the same.
        root_logdir: the folder that all log folders are in. By default the folder that they have in common, and with
            one log folder that one: keys then stand as they are.

    Raises:
        wandb.Error: tensorboard is not installed.
        ValueError: the writers are patched already.
    """
    if current.module().patched["tensorboard"]:
        raise ValueError(
            "TensorBoard is patched already: call `wandb.tensorboard.unpatch()` first, or patch once only, either by"
            " `wandb.tensorboard.patch(...)` before `wandb.init` or by `wandb.init(sync_tensorboard=True)`"
        )
    if importlib.util.find_spec("tensorboard") is None:
        raise Error("TensorBoard's files are read with its own package: `pip install tensorboard`")
    tell = partial(_tell, save=save, root=root_logdir)
    for name in FILE_WRITERS:
        _hook(name, partial(_patch_class, tell=tell))
    if not pytorch and not tensorboard_x:
        _hook(TENSORFLOW_2, partial(_patch_tensorflow_2, tell=tell))


def unpatch() -> None:
    """Let the writers be as they were; what is written from now on stays in its files."""
    while _hooks:
        import_hooks.forget(_hooks.pop())
    for name, attribute in current.module().patched["tensorboard"]:
        if (module := sys.modules.get(name)) is not None and hasattr(module, f"orig_{attribute}"):
            setattr(module, attribute, getattr(module, f"orig_{attribute}"))
            delattr(module, f"orig_{attribute}")
    current.module().patched["tensorboard"] = []


def flush() -> None:
    """Bring to disk what writers still hold back."""
    for writer in list(_open):
        try:
            writer.flush()
        except Exception:  # closed, or its folder is gone: what is on disk counts
            continue


def _hook(name: str, change: Callable[[ModuleType], Any]) -> None:
    current.module().patched["tensorboard"].append(
        [name, "create_summary_file_writer" if name == TENSORFLOW_2 else WRITER]
    )
    _hooks.append(change)
    import_hooks.when_imported(name, change)


def _patch_class(module: ModuleType, tell: Callable[[str], None]) -> None:
    found = getattr(module, WRITER)
    original = getattr(found, "_unpatched", found)  # a library may have taken another's, patched already

    def __init__(self: Any, logdir: Any, *args: Any, **kwargs: Any) -> None:
        tell(os.fspath(logdir))
        original.__init__(self, logdir, *args, **kwargs)
        _open.add(self)

    module.orig_EventFileWriter = original  # type: ignore[attr-defined]
    members = {"__init__": __init__, "__module__": original.__module__, "_unpatched": original}
    setattr(module, WRITER, type(WRITER, (original,), members))


def _patch_tensorflow_2(module: ModuleType, tell: Callable[[str], None]) -> None:
    original = module.create_summary_file_writer

    def create_summary_file_writer(*args: Any, **kwargs: Any) -> Any:
        logdir = kwargs["logdir"] if "logdir" in kwargs else args[1]
        if hasattr(logdir, "numpy"):
            logdir = logdir.numpy()
        if isinstance(logdir, (str, bytes)):
            tell(os.fsdecode(logdir))
        return original(*args, **kwargs)

    module.orig_create_summary_file_writer = original  # type: ignore[attr-defined]
    module.create_summary_file_writer = create_summary_file_writer  # type: ignore[attr-defined]


def _tell(logdir: str, *, save: bool, root: str) -> None:
    """Tell the run of a log folder."""
    # A writer that was given no folder makes one up, with the host's name in it.
    if made_up := re.search(rf"-\d+_{re.escape(socket.gethostname())}", logdir):
        root = logdir[: made_up.end()]
    elif root and not _inside(logdir, root):
        termwarn(f"The log directory {logdir} is outside of root_logdir={root!r}: its keys get no prefix")
        root = logdir
    if (run := current.run()) is not None:
        run._tensorboard_callback(logdir, save=save, root_logdir=root)


def _inside(path: str, folder: str) -> bool:
    path, folder = os.path.abspath(path), os.path.abspath(folder)  # noqa: PTH100
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)
