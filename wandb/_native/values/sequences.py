"""Dicts and series: batches, samples, and values that are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from wandb.errors import UsageError


def has_num(dictionary: Mapping[Any, Any], key: Any) -> bool:
    """Whether a dict holds a number under a key."""
    return isinstance(dictionary.get(key), (int, float)) and not isinstance(dictionary.get(key), bool)


def coalesce(*arg: Any) -> Any:
    """Return the first argument that is not None, or None."""
    return next((one for one in arg if one is not None), None)


def batched(n: int, iterable: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield lists of `n` items, the last one of what is left."""
    batch = []
    for item in iterable:
        batch.append(item)
        if len(batch) == n:
            yield batch
            batch = []
    if batch:
        yield batch


def remove_keys_with_none_values(d: Any) -> Any:
    """Return a dict without the keys whose value is None, at any depth."""
    if not isinstance(d, dict):
        return d
    return {key: remove_keys_with_none_values(value) for key, value in d.items() if value is not None}


def downsample(values: Sequence[Any], target_length: int) -> list[Any]:
    """Return so many of the values, the first and the last among them, at even distances.

    Raises:
        wandb.UsageError: `target_length` is less than 2.
    """
    if target_length < 2:
        raise UsageError(f"target_length must be at least 2, it is {target_length}")
    if len(values) <= target_length:
        return list(values)
    ratio = (len(values) - 1) / (target_length - 1)
    return [values[int(position * ratio)] for position in range(target_length)]


def class_colors(class_count: int) -> list[Any]:
    """Return a colour a class: black, then hues at even distances, as fractions of red, green and blue."""
    import colorsys

    hues = class_count - 1
    return [[0, 0, 0], *(colorsys.hsv_to_rgb(number / hues, 1.0, 1.0) for number in range(hues))]


def sample_with_exponential_decay_weights(
    xs: Iterable[Any], ys: Iterable[Any], keys: Iterable[Any] | None = None, sample_size: int = 1500
) -> tuple[list[Any], list[Any], list[Any] | None]:
    """Return a random sample of series in which early ones are likelier."""
    import numpy

    firsts, seconds = numpy.array(list(xs)), numpy.array(list(ys))
    weights = numpy.exp(-numpy.arange(len(firsts)) / len(firsts))
    chosen = numpy.random.choice(len(firsts), size=sample_size, p=weights / weights.sum())
    names = numpy.array(list(keys))[chosen].tolist() if keys is not None else None
    return firsts[chosen].tolist(), seconds[chosen].tolist(), names
