"""Typed access to request fields, the errors raised for invalid ones, and JSON as the real server reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson

from wandb_compat.server import limits
from wandb_compat.wire.json_numbers import SAFE_INTEGER, stored_fraction

DIGITS = 1e21  # from here on JavaScript writes numbers with an exponent


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


class ValidationError(RequestError):
    """A field that is missing or of the wrong type; the real server reports these in another shape."""

    def __init__(self, message: str) -> None:
        super().__init__(400, message)


class TextError(RequestError):
    """An error of the file service whose body is plain text."""


class StoreError(RequestError):
    """An error of the object store, whose body is XML with a code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, message)
        self.code = code


def parse_json(text: bytes) -> Any:
    """Return the JSON document in a request body, or raise 400; lone surrogates raise 500 as in the real database."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        try:
            document = json.loads(text)
            if _has_lone_surrogate(document):
                raise RequestError(500, "The text has half of a surrogate pair") from None
        except (ValueError, RecursionError):
            pass
        raise RequestError(400, f"The body is not JSON: {error}") from None


def parse_embedded_json(text: str) -> Any:
    """Return a JSON document encoded as text inside another.

    As on the real server NaN and infinities are malformed, integers beyond 2^53 are rounded, and a document that is
    nested too deeply or has a NUL or a lone surrogate is refused by the database with 500.
    """
    try:
        document = json.loads(
            text, parse_constant=_refuse_constant, parse_int=_javascript_integer, parse_float=_javascript_float
        )
    except RecursionError:
        raise RequestError(500, "The document is nested too deeply") from None
    except ValueError:
        raise RequestError(400, "Invalid JSON format in request body") from None
    _check_storable(document)
    return document


def parse_stored_json(text: str) -> Any:
    """Return a JSON document encoded as text as it is stored: its fractions keep 16 digits."""
    return _rounded(parse_embedded_json(text))


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return stored_fraction(value)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list) else value


def check_text(name: str, text: str, longest: int | None = None) -> str:
    """Return a text that the real database can store, or raise 500 as the real server does."""
    if "\0" in text:
        raise RequestError(500, f"{name} has a NUL character")
    if not _is_unicode(text):
        raise RequestError(500, f"{name} has half of a surrogate pair")
    if longest is not None and len(text) > longest:
        raise RequestError(500, f"{name} has {len(text)} characters; at most {longest} can be stored")
    return text


def javascript_integer(number: int) -> int:
    """Return an integer as JavaScript prints it: beyond 2^53 it is rounded to the nearest double."""
    return number if abs(number) <= SAFE_INTEGER else int(Decimal(repr(float(number))))


def _javascript_integer(digits: str) -> int | float | None:
    if len(digits) < 16 or (len(digits) < 20 and abs(int(digits)) <= SAFE_INTEGER):
        return int(digits)
    return _javascript_float(digits)


def _javascript_float(digits: str) -> int | float | None:
    """Return a number as JavaScript parses and prints it: the nearest double, whole numbers without a fraction."""
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        return None  # JSON has no infinities
    if number.is_integer() and abs(number) < DIGITS:
        return int(Decimal(repr(number)))
    return number


def _refuse_constant(token: str) -> None:
    raise ValueError(token)


def _check_storable(document: Any) -> None:
    pending = [(document, 1)]
    while pending:
        value, depth = pending.pop()
        if isinstance(value, str):
            check_text("The document", value)
        elif isinstance(value, (dict, list)):
            if depth > limits.DOCUMENT_DEPTH:
                raise RequestError(500, f"The document is nested deeper than {limits.DOCUMENT_DEPTH} levels")
            if isinstance(value, dict):
                pending.extend((key, depth) for key in value)
                pending.extend((item, depth + 1) for item in value.values())
            else:
                pending.extend((item, depth + 1) for item in value)


def _has_lone_surrogate(document: Any) -> bool:
    return not _is_unicode(json.dumps(document, ensure_ascii=False))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class Fields:
    """The members of a JSON object, read by name and type.

    Every method raises ValidationError that names the field and the value.
    """

    def __init__(self, values: Any) -> None:
        if not isinstance(values, Mapping):
            raise ValidationError(f"Expected a JSON object, not {_show(values)}")
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str) -> Any:
        """Return the raw value, None when absent."""
        return self._values.get(name)

    def optional_text(self, name: str, longest: int | None = None) -> str | None:
        """Return a text of at most `longest` characters, None when absent."""
        value = self.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise ValidationError(f"{name} must be text, not {_show(value)}")
        if longest is not None and len(value) > longest:
            raise ValidationError(f"{name} has {len(value)} characters; at most {longest} are stored")
        return value

    def text(self, name: str, longest: int | None = None) -> str:
        """Return a required text that is not blank."""
        value = self.optional_text(name, longest)
        if value is None or not value.strip():
            raise ValidationError(f"{name} is missing or blank")
        return value

    def any_text(self, name: str) -> str:
        """Return a required text, which may be empty."""
        value = self.optional_text(name)
        if value is None:
            raise ValidationError(f"{name} is missing")
        return value

    def optional_number(self, name: str) -> int | float | None:
        """Return a number, None when absent."""
        value = self.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValidationError(f"{name} must be a number, not {_show(value)}")
        return value

    def identifier(self, name: str) -> int:
        """Return the number of a run; one that no database id can have raises 500 as on the real server."""
        value = self.optional_number(name)
        if value is None:
            raise ValidationError(f"{name} is missing")
        if value != value // 1 or not -(2**63) <= value < 2**63:
            raise RequestError(500, f"{name} cannot be the number of a run: {_show(value)}")
        return int(value)

    def optional_integer(self, name: str, low: int = 0, high: int = limits.STEP) -> int | None:
        """Return an integer within bounds, None when absent."""
        value = self.get(name)
        if value is None:
            return None
        if type(value) is not int:
            raise ValidationError(f"{name} must be an integer, not {_show(value)}")
        if not low <= value <= high:
            raise ValidationError(f"{name} must be between {low} and {high}, not {value}")
        return value

    def integer(self, name: str, low: int = 0, high: int = limits.STEP) -> int:
        """Return a required integer within bounds."""
        value = self.optional_integer(name, low, high)
        if value is None:
            raise ValidationError(f"{name} is missing")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Return a boolean."""
        value = self.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise ValidationError(f"{name} must be true or false, not {_show(value)}")
        return value

    def texts(self, name: str, required: bool = False) -> list[str]:
        """Return a list of texts, empty when absent unless it is required."""
        value = self.get(name)
        if value is None and not required:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ValidationError(f"{name} must be a list of texts, not {_show(value)}")
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """Return one of the choices."""
        value = self.optional_text(name)
        value = default if value is None else value
        if value not in choices:
            raise ValidationError(f"{name} must be one of {', '.join(choices)}, not {_show(value)}")
        return value


class Query(Fields):
    """The parameters of a query string, whose numbers are text."""

    def optional_number(self, name: str) -> int | float | None:
        """Return a number, None when absent."""
        value = self.get(name)
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            raise ValidationError(f"{name} must be a number, not {_show(value)}") from None
        if number != number:
            raise ValidationError(f"{name} must be a number, not {_show(value)}")
        return int(value) if value.strip().removeprefix("-").isdecimal() and len(value) < 30 else number

    def optional_integer(self, name: str, low: int = 0, high: int = limits.STEP) -> int | None:
        """Return an integer within bounds, None when absent."""
        value = self.get(name)
        if value is None:
            return None
        if not value.removeprefix("-").isdecimal() or len(value) > 20:
            raise ValidationError(f"{name} must be an integer, not {_show(value)}")
        return Fields({name: int(value)}).optional_integer(name, low, high)

    def numbers(self, name: str, most: int | None = None) -> list[int]:
        """Return the integers of a comma-separated query parameter, empty when absent; other words are skipped."""
        words = [word.strip() for word in (self.optional_text(name) or "").split(",")]
        numbers = [int(word) for word in words if word.isdecimal() and len(word) < 19]
        if most is not None and len(numbers) > most:
            raise ValidationError(f"{name} names {len(numbers)} runs; at most {most} are accepted")
        return numbers


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
