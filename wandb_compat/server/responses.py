"""JSON responses, and errors in the shapes of the real server."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from wandb_compat.server.params import RequestError, StoreError, TextError, ValidationError


def json_response(content: Any, status: int = 200) -> Response:
    """Return a JSON response."""
    try:
        body = orjson.dumps(content)
    except TypeError:  # integers over 64 bits and lone surrogates, both legal in a config
        body = json.dumps(content).encode()
    return Response(body, status, media_type="application/json")


def request_error(request: Request, error: Exception) -> Response:
    """Return an error in the shape that the real server gives it."""
    assert isinstance(error, RequestError)
    if isinstance(error, StoreError):
        body = f"<Error><Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error>"
        return Response(body, error.status, media_type="application/xml")
    if isinstance(error, TextError):
        return Response(error.message, error.status, media_type="text/plain")
    if isinstance(error, ValidationError):
        problem = {"name": "ValidationError", "message": error.message}
        return json_response({"success": False, "error": problem}, error.status)
    return json_response({"error": error.message}, error.status)


def http_error(request: Request, error: Exception) -> Response:
    """Return 404 also for a wrong method, as the real server does."""
    assert isinstance(error, HTTPException)
    status = 404 if error.status_code == 405 else error.status_code
    return json_response({"error": f"{error.detail}: {request.method} {request.url.path}"}, status)


def client_disconnected(request: Request, error: Exception) -> Response:
    """Return a response that is never sent: the client closed the connection before its request was complete."""
    return Response(status_code=400)


def unavailable(request: Request, error: Exception) -> Response:
    """Answer 503, which clients retry: a full disk or a locked database can recover."""
    message = f"The server cannot store or read right now: {error}"
    return json_response({"error": message}, 503)


def damaged(request: Request, error: Exception) -> Response:
    """Answer 503 for a database that is damaged, and say what to do: clients keep what they have."""
    message = (
        f"The server's database is damaged: {error}. Stop the server, keep a copy of pluto.db, "
        "and repair it with the .recover command of sqlite3 or start with another data folder"
    )
    return json_response({"error": message}, 503)
