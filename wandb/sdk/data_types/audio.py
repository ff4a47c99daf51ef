"""`wandb.Audio`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from typing import Any

from wandb.sdk.data_types.base_types.media import BatchableMedia
from wandb_compat.convert.deferred import DeferredFile


class Audio(BatchableMedia):
    """A sound.

    In Pluto: an audio file with its caption; arrays become WAV.

    Example:
        >>> wandb.Audio(waveform, sample_rate=16_000, caption="hello")
    """

    _log_type = "audio-file"
    _list_type = "audio"
    _folder_name = "audio"

    def __init__(self, data_or_path: Any, sample_rate: int | None = None, caption: str | None = None) -> None:
        """Take a sound: whatever is done to `data_or_path` afterwards does not change it.

        Args:
            data_or_path: path of a file, or samples as list or array (time) or (time, channel): floats in [-1, 1], or
                integers of 16 or 32 bits. They become a WAV file.
            sample_rate: samples a second; needed for samples.
            caption: text beside the sound.

        Raises:
            OSError: the file cannot be read.
            ValueError: `sample_rate` is missing, or the samples have a shape or type that WAV files do not have.
        """
        super().__init__(caption=caption)
        self._duration: float | None = None
        self._sample_rate = sample_rate
        if isinstance(data_or_path, (str, os.PathLike)):
            path = os.fspath(data_or_path)
            if self.path_is_reference(path):
                self._path, self._is_tmp = path, False
            else:
                self._set_file(path)
            return
        if sample_rate is None:
            raise ValueError('Argument "sample_rate" is required when instantiating wandb.Audio with raw data.')
        from wandb_compat.convert import arrays, audio

        samples = arrays.snapshot(data_or_path)
        if samples.ndim not in (1, 2):
            raise ValueError(f"wandb.Audio takes (time) or (time, channel), not an array of shape {samples.shape}")
        if samples.dtype.name not in audio.SAMPLE_TYPES:
            raise ValueError(f"dtype must be one of {list(audio.SAMPLE_TYPES)} and not {samples.dtype.name!r}")
        self._duration = len(samples) / float(sample_rate)
        self._set_deferred_file(
            DeferredFile(".wav", partial(audio.write_wav, samples, int(sample_rate)), int(samples.nbytes))
        )

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> Audio:
        """Return the sound of a JSON form and of the artifact that holds its file."""
        return cls(source_artifact.get_entry(json_obj["path"]).download(), caption=json_obj.get("caption"))

    @classmethod
    def durations(cls, audio_list: Sequence[Audio]) -> list[float | None]:
        """Return the durations in seconds, None of a file."""
        return [one._duration for one in audio_list]

    @classmethod
    def sample_rates(cls, audio_list: Sequence[Audio]) -> list[int | None]:
        """Return the samples a second, None where they are unknown."""
        return [one._sample_rate for one in audio_list]

    @classmethod
    def captions(cls, audio_list: Sequence[Any]) -> Any:
        """Return the captions, an empty text for a missing one, or False when all are missing."""
        found = [one._caption for one in audio_list]
        return ["" if one is None else one for one in found] if any(one is not None for one in found) else False

    @classmethod
    def seq_to_json(cls, seq: Sequence[Any], run: Any, key: str, step: int | str) -> dict[str, Any]:
        """Return the JSON form of several sounds."""
        answer = super().seq_to_json(seq, run, key, step)
        return {**answer, "sampleRates": cls.sample_rates(seq), "durations": cls.durations(seq)}

    def resolve_ref(self) -> str | None:
        """Return where the file lies when it is a reference, also one of an artifact, else None."""
        if self.path_is_reference(self._path):
            return self._path
        if self._artifact_source is None or self._artifact_source.name is None:
            return None
        return getattr(self._artifact_source.artifact.get_entry(self._artifact_source.name), "ref", None)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Audio) or self._caption != other._caption:
            return False
        if self.path_is_reference(self._path) or other.path_is_reference(other._path):
            return self.resolve_ref() == other.resolve_ref()
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]
