"""The page's addresses: the shell that a browser gets, its assets, its data, its news, and the door."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import orjson
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from wandb_compat.server.auth import SESSION, Doorkeeper
from wandb_compat.server.limits import Limits
from wandb_compat.server.page import artifacts, views
from wandb_compat.server.params import Fields, Query, Refusal, document
from wandb_compat.server.storage import blobs
from wandb_compat.server.storage.database import Store

ASSETS = Path(__file__).resolve().with_name("assets")
KINDS = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
# Everything that is shown was written by somebody else: no script but our own files, no style, no frame, no other host.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:;"
    " connect-src 'self'; frame-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
GUARDS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
TICK = 1.0  # seconds between two pieces of news for one page
QUIET = 15  # ticks without news after which a page is told that the server is there
BODY = 1_000_000  # bytes of a request of the page

VIEWS: dict[str, Callable[[Store, Query], Any]] = {
    "/page/projects": views.projects,
    "/page/table": views.run_table,
    "/page/columns": views.columns,
    "/page/runs": views.runs,
    "/page/find": views.find,
    "/page/summary": views.summary,
    "/page/values": views.values,
    "/page/console": views.console,
    "/page/artifacts": artifacts.artifacts,
}
SHELL = ("/", "/o/{organization}/projects/{project}", "/o/{organization}/projects/{project}/{runs}")


def routes(store: Store, bounds: Limits, door: Doorkeeper) -> list[Route]:
    """Return the page's routes; `opens` tells for whom."""

    async def shell(request: Request) -> Response:
        if not door.knows(request.cookies.get(door.cookie_name, "")):
            there = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/signin?next={quote(there, safe='')}", 303, GUARDS)
        return _asset(request, "index.html")

    async def asset(request: Request) -> Response:
        return _asset(request, request.path_params["name"])

    async def sign_in(request: Request) -> Response:
        ticket = request.query_params.get("ticket")
        if request.method == "POST":
            body = await _small(request)
            given = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
            there = given.get("next", "/")
            if not door.is_key(given.get("key", "")):
                return RedirectResponse(f"/signin?wrong=1&next={quote(there, safe='')}", 303, GUARDS)
        elif ticket is not None:
            there = request.query_params.get("next", "/")
            if not door.takes(ticket):
                known = door.knows(request.cookies.get(door.cookie_name, ""))
                address = _inside(there) if known else f"/signin?used=1&next={quote(there, safe='')}"
                return RedirectResponse(address, 303, GUARDS)
        else:
            return _asset(request, "signin.html")
        answer = RedirectResponse(_inside(there), 303, GUARDS)
        answer.set_cookie(
            door.cookie_name,
            door.cookie(),
            max_age=SESSION,
            httponly=True,
            samesite="lax",  # strict would ask everybody who follows a link in a chat to sign in again
            secure=request.url.scheme == "https",
        )
        return answer

    async def sign_out(request: Request) -> Response:
        answer = RedirectResponse("/signin", 303, GUARDS)
        answer.delete_cookie(door.cookie_name)
        return answer

    def view(call: Callable[[Store, Query], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(lambda: _json(call(store, Query(request.query_params))))

        return endpoint

    async def charts(request: Request) -> Response:
        asked = Fields(document(await _small(request)))
        body = await run_in_threadpool(views.charts, store, asked)
        return Response(body, media_type="application/octet-stream", headers=GUARDS)

    def link(run: int, key: str, name: str) -> str:
        return blobs.sign(store, "GET", "", run, key, name, bounds.page_url)

    async def export(request: Request) -> Response:
        query = Query(request.query_params)
        kind = query.choice("format", ("csv", "parquet"), "csv")
        headers = {**GUARDS, "Content-Disposition": f'attachment; filename="runs.{kind}"'}
        if kind == "parquet":
            body = await run_in_threadpool(views.parquet, store, query)
            return Response(body, media_type="application/vnd.apache.parquet", headers=headers)
        lines = views.exported(store, query)
        first = await run_in_threadpool(next, lines)  # refused before the answer begins
        return StreamingResponse(_chained(first, iterate_in_threadpool(lines)), media_type="text/csv", headers=headers)

    async def events(request: Request) -> Response:
        query = Query(request.query_params)
        numbers, project = query.numbers("runs", views.SHOWN), query.maybe_text("project")

        async def news() -> AsyncIterator[bytes]:
            known = None
            quiet = 0
            yield b"retry: 2000\n\n"
            while not await request.is_disconnected():
                found = await run_in_threadpool(views.pulse, store, numbers, project)
                quiet += 1
                if found != known:
                    known, quiet = found, 0
                    yield b"data: " + orjson.dumps(found) + b"\n\n"
                elif quiet >= QUIET:
                    quiet = 0
                    yield b": still here\n\n"
                await asyncio.sleep(TICK)

        return StreamingResponse(
            news(), media_type="text/event-stream", headers={**GUARDS, "Cache-Control": "no-store"}
        )

    return [
        *(Route(path, shell, methods=["GET"]) for path in SHELL),
        Route("/assets/{name:path}", asset, methods=["GET"]),
        Route("/signin", sign_in, methods=["GET", "POST"]),
        Route("/signout", sign_out, methods=["POST"]),
        *(Route(path, view(call), methods=["GET"]) for path, call in VIEWS.items()),
        Route("/page/charts", charts, methods=["POST"]),
        Route("/page/files", view(lambda store, query: views.files(store, query, link)), methods=["GET"]),
        Route("/page/contents", view(lambda store, query: artifacts.contents(store, query, link)), methods=["GET"]),
        Route("/page/export", export, methods=["GET"]),
        Route("/page/events", events, methods=["GET"]),
    ]


def is_open(path: str) -> bool:
    """Return whether an address of the page needs no signing in, or sees to it by itself."""
    return path in ("/", "/signin", "/signout") or path.startswith(("/o/", "/assets/"))


def is_for_eyes(path: str) -> bool:
    """Return whether an address gives data to whoever has signed in."""
    return path.startswith("/page/")


def _inside(path: str) -> str:
    """Return a path of this server; what would lead elsewhere becomes the front page."""
    harmless = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return quote(path, safe="/?&=%:+,;@!$'()*~-._") if harmless else "/"


def _asset(request: Request, name: str) -> Response:
    """Return an asset, or that the browser has it already."""
    path = (ASSETS / name).resolve()
    if not path.is_relative_to(ASSETS) or path.suffix not in KINDS or not path.is_file():
        raise Refusal(404, f"Not found: {name}")
    content, tag = _read(path, path.stat().st_mtime_ns)
    headers = {**GUARDS, "ETag": tag}
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=KINDS[path.suffix], headers=headers)


@functools.cache
def _read(path: Path, changed: int) -> tuple[bytes, str]:
    content = path.read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:16]}"'


async def _small(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY:
            raise Refusal(413, f"The request is larger than {BODY} bytes")
    return body


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _json(content: Any) -> Response:
    try:
        body = orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # integers over 64 bits and halves of surrogate pairs, both legal in a config
        body = json.dumps(content).encode()
    return Response(body, media_type="application/json", headers=GUARDS)
