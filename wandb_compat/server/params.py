"""Typed access to request fields, and the error raised for an invalid one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from wandb_compat.server import limits


class RequestError(Exception):
    """An error response.

    Args:
        status: HTTP status code.
        message: one sentence for the user.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def parse_json(text: bytes) -> Any:
    """Return the JSON document in a request body, or raise 400."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise RequestError(400, f"The body is not JSON: {error}") from None


def parse_embedded_json(text: str) -> Any:
    """Return a JSON document encoded as text inside another; NaN and infinities are malformed, as on Pluto."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise RequestError(400, "Invalid JSON format in request body") from None


def _refuse_constant(token: str) -> None:
    raise ValueError(token)


class Fields:
    """The members of a JSON object, read by name and type.

    Every method raises RequestError 400 that names the field and the value.
    """

    def __init__(self, values: Any) -> None:
        if not isinstance(values, Mapping):
            raise RequestError(400, f"Expected a JSON object, not {_show(values)}")
        self._values = values

    def get(self, name: str) -> Any:
        """Return the raw value, None when absent."""
        return self._values.get(name)

    def optional_text(self, name: str, longest: int | None = None) -> str | None:
        """Return a text of at most `longest` characters, None when absent."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise RequestError(400, f"{name} must be text, not {_show(value)}")
        if longest is not None and len(value) > longest:
            raise RequestError(400, f"{name} has {len(value)} characters; at most {longest} are stored")
        return value

    def text(self, name: str, longest: int | None = None) -> str:
        """Return a required text that is not blank."""
        value = self.optional_text(name, longest)
        if value is None or not value.strip():
            raise RequestError(400, f"{name} is missing or blank")
        return value

    def optional_integer(self, name: str, low: int = 0, high: int = limits.STEP) -> int | None:
        """Return an integer within bounds, None when absent."""
        value = self.get(name)
        if value is None:
            return None
        if type(value) is not int:
            raise RequestError(400, f"{name} must be an integer, not {_show(value)}")
        if not low <= value <= high:
            raise RequestError(400, f"{name} must be between {low} and {high}, not {value}")
        return value

    def integer(self, name: str, low: int = 0, high: int = limits.STEP) -> int:
        """Return a required integer within bounds."""
        value = self.optional_integer(name, low, high)
        if value is None:
            raise RequestError(400, f"{name} is missing")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Return a boolean."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise RequestError(400, f"{name} must be true or false, not {_show(value)}")
        return value

    def texts(self, name: str) -> list[str]:
        """Return a list of texts, empty when absent."""
        value = self.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise RequestError(400, f"{name} must be a list of texts, not {_show(value)}")
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """Return one of the choices."""
        value = self.optional_text(name) or default
        if value not in choices:
            raise RequestError(400, f"{name} must be one of {', '.join(choices)}, not {_show(value)}")
        return value


class Query(Fields):
    """The parameters of a query string, whose integers are text."""

    def optional_integer(self, name: str, low: int = 0, high: int = limits.STEP) -> int | None:
        """Return an integer within bounds, None when absent."""
        value = self.get(name)
        if value is None:
            return None
        if not value.removeprefix("-").isdecimal() or len(value) > 20:
            raise RequestError(400, f"{name} must be an integer, not {_show(value)}")
        return Fields({name: int(value)}).optional_integer(name, low, high)

    def numbers(self, name: str, most: int | None = None) -> list[int]:
        """Return the integers of a comma-separated query parameter, empty when absent."""
        words = [word for word in (self.optional_text(name) or "").split(",") if word]
        if not all(word.isdecimal() and len(word) < 19 for word in words):
            raise RequestError(400, f"{name} must be integers between commas, not {_show(self.get(name))}")
        if most is not None and len(words) > most:
            raise RequestError(400, f"{name} names {len(words)} runs; at most {most} are accepted")
        return [int(word) for word in words]


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
