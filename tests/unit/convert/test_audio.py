"""Sounds are written as libsndfile writes them, byte for byte."""

import io
import platform
from pathlib import Path

import numpy
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from wandb_compat.convert import audio

SHAPES = st.integers(0, 9) | st.tuples(st.integers(0, 9), st.integers(1, 3))
SAME = platform.machine() in ("x86_64", "AMD64")  # what NaN becomes as an integer is the processor's choice
FLOATS = st.floats(-3, 3, width=32) | st.floats(width=32, allow_nan=SAME) | st.sampled_from([1.0, -1.0, 1 - 2**-24])
WHOLE = {"int16": st.integers(-(2**15), 2**15 - 1), "int32": st.integers(-(2**31), 2**31 - 1)}
SAMPLES = st.sampled_from(audio.SAMPLE_TYPES).flatmap(
    lambda name: arrays.arrays(name, SHAPES, elements=WHOLE.get(name, FLOATS))
)


@pytest.mark.filterwarnings("error::RuntimeWarning")  # as numpy says of a cast that fails
@given(SAMPLES, st.integers(1, 192_000))
def test_the_bytes_are_those_of_libsndfile(tmp_path_factory: pytest.TempPathFactory, samples, rate: int) -> None:
    """Samples of each type, mono and more, also beyond full scale, quietly give the file that soundfile writes."""
    path = tmp_path_factory.getbasetemp() / "sound.wav"
    audio.write_wav(samples, rate, path)
    expected = io.BytesIO()
    soundfile.write(expected, samples, rate, format="WAV")
    assert path.read_bytes() == expected.getvalue()


@pytest.mark.parametrize("shape", [(100_001,), (70_000, 2)])
def test_a_long_sound_is_written_in_blocks(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """Where one block ends and the next begins is inaudible."""
    samples = numpy.random.default_rng(3).normal(0, 0.5, shape)
    audio.write_wav(samples, 44_100, tmp_path / "ours.wav")
    soundfile.write(tmp_path / "theirs.wav", samples, 44_100)
    assert (tmp_path / "ours.wav").read_bytes() == (tmp_path / "theirs.wav").read_bytes()
