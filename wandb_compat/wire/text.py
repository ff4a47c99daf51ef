"""Cleans text that a Pluto server refuses: NUL characters and lone surrogates become U+FFFD."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

_REFUSED = re.compile("[\x00\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def clean_text(text: str) -> str:
    """Return a text that a server can store."""
    return _REFUSED.sub(_REPLACEMENT, text)


def clean_document(value: Any) -> Any:
    """Return a JSON document in which every text and key is clean."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(key) if isinstance(key, str) else key: clean_document(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean_document(item) for item in value]
    return value


def clean_json(document: Any, *, allow_nan: bool, default: Callable[[Any], Any] | None = None) -> str:
    """Return the JSON text of a document in one line, with clean text in it.

    Args:
        document: made of JSON types.
        allow_nan: whether NaN and infinities become bare tokens; otherwise they are an error.
        default: returns a JSON value for an object of another type.

    Raises:
        ValueError: a number is not finite, and `allow_nan` is false.
    """
    encode = partial(json.dumps, ensure_ascii=False, separators=(",", ":"), allow_nan=allow_nan, default=default)
    text: str = encode(document)
    if "\\u0000" in text or not _is_encodable(text):  # rare: cleaning copies the document
        text = encode(clean_document(document))
    return text


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, as in a file name that is not UTF-8
        return False
    return True
