"""The settings files that `wandb init`, `wandb offline` and their kin write: one a folder, one a user."""

from __future__ import annotations

import configparser
from pathlib import Path

from wandb.errors import Error
from wandb.errors.term import termwarn

_SECTION = "default"  # the only one that wandb knows


class SaveSettingsError(Error):
    """A settings file could not be written; the message says which."""


class SettingsFiles:
    """What the two files say; the folder's wins. Nothing is written before `save`."""

    def __init__(self, *, global_settings: Path | None, local_settings: Path) -> None:
        """Read the files; one that is missing or not readable counts as empty.

        Args:
            global_settings: the user's file, or None for none.
            local_settings: the folder's file.
        """
        self._paths = {"global": global_settings, "local": local_settings}
        self._values = {which: _read(path) for which, path in self._paths.items()}
        self._changed: set[str] = set()

    @property
    def sources(self) -> list[Path]:
        """The files that say something."""
        return [path for which, path in self._paths.items() if path is not None and self._values[which]]

    def all(self) -> dict[str, str]:
        """Return every value by its setting."""
        return {**self._values["global"], **self._values["local"]}

    def set(self, key: str, value: str, *, globally: bool = False) -> None:
        """Set a value in the folder's file, or in the user's file and no longer in the folder's."""
        which = "global" if globally and self._paths["global"] is not None else "local"
        if which == "global":
            self.clear(key)
        if self._values[which].get(key) != value:
            self._values[which][key] = value
            self._changed.add(which)

    def clear(self, key: str, *, globally: bool = False) -> None:
        """Forget a value in the folder's file, or in both."""
        for which in ("local", "global") if globally else ("local",):
            if self._values[which].pop(key, None) is not None:
                self._changed.add(which)

    def save(self) -> None:
        """Write the files that have changed.

        Raises:
            SaveSettingsError: one cannot be written.
        """
        for which in self._changed:
            if (path := self._paths[which]) is not None:
                _write(path, self._values[which])
        self._changed.clear()


def _read(path: Path | None) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        if path is None or not parser.read(path, encoding="utf-8") or not parser.has_section(_SECTION):
            return {}
    except (OSError, ValueError, configparser.Error) as error:
        termwarn(f"The settings file {path} is ignored: {error}", repeat=False)
        return {}
    return dict(parser.items(_SECTION))


def _write(path: Path, values: dict[str, str]) -> None:
    parser = configparser.RawConfigParser()
    parser[_SECTION] = values
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            parser.write(file)
    except OSError as error:
        raise SaveSettingsError(f"The settings file {path} cannot be written: {error.strerror}") from error
