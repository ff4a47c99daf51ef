"""Gymnasium, and gym before it: the videos that they record are logged."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from wandb._native.run import current
from wandb.errors import Error
from wandb.sdk.data_types.video import Video
from wandb.sdk.lib import import_hooks

__all__ = ("monitor",)

# Module, class, method that completes a video, and how to find its file: the first of each library that is there.
_RECORDERS: tuple[tuple[str, str, str, Callable[[Any], str]], ...] = (
    # gymnasium before 1, gym from 0.26, and gym before that
    ("gymnasium.wrappers.monitoring.video_recorder", "VideoRecorder", "close", lambda one: one.path),
    ("gymnasium.wrappers", "RecordVideo", "stop_recording", lambda one: _newest(one.video_folder)),
    ("gym.wrappers.monitoring.video_recorder", "VideoRecorder", "close", lambda one: one.path),
    ("gym.wrappers.monitoring.video_recorder", "ImageEncoder", "close", lambda one: one.output_path),
)
# Records for itself, without gymnasium's wrapper.
_STABLE_BASELINES = "stable_baselines3.common.vec_env.vec_video_recorder"


def monitor() -> None:
    """Log each video that gymnasium, gym or Stable-Baselines3 records from now on, to the run that is active then.

    In Pluto: a video at `videos`, or at `video.N` where the file is called so.

    Raises:
        wandb.Error: neither gymnasium nor gym is installed.
    """
    for place, name, method, path in _RECORDERS:
        try:
            recorder = getattr(importlib.import_module(place), name)
        except (ImportError, AttributeError):
            continue
        _listen(place, recorder, method, path)
        import_hooks.when_imported(_STABLE_BASELINES, _listen_to_stable_baselines)
        return
    raise Error("Videos are recorded by gymnasium, which is not installed: `pip install gymnasium`")


def _listen_to_stable_baselines(module: ModuleType) -> None:
    recorder = module.VecVideoRecorder
    if hasattr(recorder, "_stop_recording"):
        _listen(_STABLE_BASELINES, recorder, "_stop_recording", lambda one: one.video_path)


def _listen(place: str, recorder: Any, method: str, path: Callable[[Any], str]) -> None:
    original = getattr(recorder, method)

    def complete(self: Any) -> Any:
        done = original(self)
        if current.run() is not None and Path(file := path(self)).is_file():
            named = re.match(r".+(video\.\d+).+", file)
            current.module().log({named[1] if named else "videos": Video(file)})
        return done

    setattr(recorder, f"orig_{method}", original)
    setattr(recorder, method, complete)
    current.module().patched["gym"].append([f"{place}.{recorder.__name__}", method])


def _newest(folder: str) -> str:
    files = sorted(Path(folder).glob("*.mp4"), key=lambda file: file.stat().st_mtime_ns)
    return str(files[-1]) if files else ""
