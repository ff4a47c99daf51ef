"""`autolog` for the pipelines of diffusers."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any

import numpy

import wandb
from wandb.sdk.integration_utils.auto_logging import AutologAPI, PatchAPI

INPUTS = ("prompt", "negative_prompt", "image", "mask_image", "control_image", "example_image", "reference_image")
DEFAULT_RATE = 16_000  # samples a second, of a vocoder that does not say


def resolve(
    args: Sequence[Any], kwargs: dict[str, Any], response: Any, start_time: float, time_elapsed: float
) -> dict[str, Any] | None:
    """Return a table of one call: a row for each thing that it has made, beside what was asked for."""
    pipeline = args[0]
    asked = inspect.signature(type(pipeline).__call__).bind(*args, **kwargs)
    asked.apply_defaults()
    given = {name: value for name, value in asked.arguments.items() if name in INPUTS and value is not None}
    made = _media(pipeline, response)
    if not made:
        return None
    columns = [name.replace("_", "-").title() for name in given]
    kind = type(made[0]).__name__
    table = wandb.Table(columns=[*columns, f"Generated-{kind}"])
    for index, medium in enumerate(made):
        table.add_data(*(_input(value, index) for value in given.values()), medium)
    key = f"{type(pipeline).__name__}-Call-{wandb.run.step if wandb.run else 0}"
    return {f"Result-Table/{key}": table, f"Generated-{kind}/{key}": made, f"Seconds/{key}": time_elapsed}


def _input(value: Any, index: int) -> Any:
    if isinstance(value, (list, tuple)):
        value = value[index * len(value) // max(len(value), index + 1)] if value else None
    return value if value is None or isinstance(value, (str, int, float)) else wandb.Image(value)


def _attribute(value: Any, name: str) -> Any:
    return getattr(value, name, None)


def _media(pipeline: Any, response: Any) -> list[Any]:
    """Return what a pipeline has made: images, videos or sounds."""
    if isinstance(response, tuple):  # return_dict=False
        response = {"images": response[0]}
    get: Callable[[str], Any] = response.get if isinstance(response, dict) else functools.partial(_attribute, response)
    if (frames := get("frames")) is not None:
        return [wandb.Video(_film(one)) for one in frames]
    if (sounds := get("audios")) is not None:
        vocoder = getattr(pipeline, "vocoder", None)
        rate = getattr(getattr(vocoder, "config", None), "sampling_rate", DEFAULT_RATE)
        return [wandb.Audio(numpy.asarray(one), sample_rate=rate) for one in sounds]
    images = get("images")
    return [] if images is None else [wandb.Image(one) for one in images]


def _film(frames: Any) -> Any:
    """Return frames as (time, channel, height, width) of bytes."""
    film = numpy.stack([numpy.asarray(frame) for frame in frames])
    if film.dtype != numpy.uint8:
        film = (film * 255).astype(numpy.uint8)
    return film.transpose(0, 3, 1, 2)


class Pipelines(PatchAPI):
    """The `__call__` of every pipeline, of those too that are imported or defined later."""

    def __init__(self) -> None:
        super().__init__("diffusers", (), resolve)
        self._patched: list[tuple[Any, Any]] = []
        self._hook: Any = None  # what the library itself does with a new pipeline
        self._inside: ContextVar[bool] = ContextVar("inside", default=False)

    def patch(self, run: wandb.Run) -> None:
        """Log the calls to a run from now on."""
        base = self.set_api.DiffusionPipeline
        self._hook = vars(base).get("__init_subclass__")

        def __init_subclass__(cls: Any, **kwargs: Any) -> None:
            before = self._hook.__get__(None, cls) if self._hook else super(base, cls).__init_subclass__
            before(**kwargs)
            self._wrap(cls, run)

        base.__init_subclass__ = classmethod(__init_subclass__)  # type: ignore[arg-type] # `cls` is any pipeline
        for kind in dict.fromkeys(_kinds_of(base)):
            self._wrap(kind, run)

    def _wrap(self, kind: Any, run: wandb.Run) -> None:
        if (original := vars(kind).get("__call__")) is not None:
            self._patched.append((kind, original))
            kind.__call__ = self._logged(original, run)

    def _logged(self, original: Any, run: wandb.Run) -> Any:
        """Log a pipeline that the user calls, and not those that it calls itself."""
        logged = super()._logged(original, run)

        @functools.wraps(original)
        def outermost(*args: Any, **kwargs: Any) -> Any:
            if self._inside.get():
                return original(*args, **kwargs)
            mark = self._inside.set(True)
            try:
                return logged(*args, **kwargs)
            finally:
                self._inside.reset(mark)

        return outermost

    def unpatch(self) -> None:
        """Give the functions back."""
        base = self.set_api.DiffusionPipeline
        if self._hook is None:
            del base.__init_subclass__
        else:
            base.__init_subclass__ = self._hook
        for kind, original in self._patched:
            kind.__call__ = original
        self._patched = []


def _kinds_of(base: Any) -> Iterator[Any]:
    yield base
    for kind in base.__subclasses__():
        yield from _kinds_of(kind)


autolog = AutologAPI("diffusers", (), resolve, patch_api=Pipelines())
