"""The base of all values that are more than numbers and text."""

from __future__ import annotations

from typing import Any, ClassVar


class _ArtifactEntry:
    """Where in an artifact a value came from or goes to."""

    def __init__(self, artifact: Any, name: str | None = None) -> None:
        self.artifact = artifact
        self.name = name


class WBValue:
    """A value that can be logged and is not a plain number or text.

    `_log_type` is wandb's name of the type; it stands as `_type` in every JSON form of a value.
    """

    _log_type: ClassVar[str | None] = None

    def __init__(self) -> None:
        self._artifact_source: _ArtifactEntry | None = None
        self._artifact_target: _ArtifactEntry | None = None

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:
        """Return the JSON form; what does not fit into it is added to the artifact."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> WBValue:
        """Return the value of a JSON form and of the artifact that holds its files."""
        raise NotImplementedError

    @classmethod
    def with_suffix(cls, name: str, filetype: str = "json") -> str:
        """Return the name that the value's JSON form has in an artifact."""
        suffix = filetype if cls._log_type is None else f"{cls._log_type}.{filetype}"
        return name if name.endswith(suffix) else f"{name}.{suffix}"

    @staticmethod
    def init_from_json(json_obj: dict[str, Any], source_artifact: Any) -> WBValue | None:
        """Return the value of a JSON form, of whatever type it is, or None when the type is unknown."""
        cls = WBValue.type_mapping().get(json_obj["_type"])
        if cls is None:
            return None
        value = cls.from_json(json_obj, source_artifact)
        value._set_artifact_source(source_artifact)
        return value

    @staticmethod
    def type_mapping() -> dict[str, type[WBValue]]:
        """Return the class for each `_log_type`."""
        found: dict[str, type[WBValue]] = {}
        classes: list[type[WBValue]] = [WBValue]
        while classes:
            cls = classes.pop()
            if cls._log_type is not None:
                found.setdefault(cls._log_type, cls)
            classes += cls.__subclasses__()
        return found

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = None  # type: ignore[assignment] # as with wandb

    def to_data_array(self) -> list[Any]:
        """Return the data as lists of numbers."""
        raise NotImplementedError

    def _set_artifact_source(self, artifact: Any, name: str | None = None) -> None:
        self._artifact_source = _ArtifactEntry(artifact, name)

    def _set_artifact_target(self, artifact: Any, name: str | None = None) -> None:
        self._artifact_target = _ArtifactEntry(artifact, name)
