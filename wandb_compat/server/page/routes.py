"""The page's routes: the HTML shell, its assets, its data, its event stream, and signing in and out."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import orjson
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Scope

from wandb_compat.server.auth import SESSION, PageAuth
from wandb_compat.server.limits import Limits
from wandb_compat.server.page import artifacts, charts, embed, exports, saved_views, views, workspace
from wandb_compat.server.params import Fields, Query, RequestError, parse_json
from wandb_compat.server.storage import blobs, run_edits
from wandb_compat.server.storage.database import Store

ASSETS = Path(__file__).resolve().with_name("assets")
CONTENT_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
# All content is untrusted: no script but our own files, no inline style, no frame, no other host.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:;"
    " connect-src 'self'; frame-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
TICK = 1.0  # seconds between two checks for changes that an open page is notified of
KEEPALIVE_TICKS = 15  # ticks without a change after which a keep-alive comment is sent
MAX_BODY = 1_000_000  # bytes of a request of the page

View = Callable[[Store, Query], Any]

VIEWS: dict[str, View] = {
    "/page/projects": views.projects,
    "/page/table": workspace.run_table,
    "/page/columns": workspace.columns,
    "/page/runs": views.runs,
    "/page/find": views.find,
    "/page/summary": views.summary,
    "/page/values": charts.values,
    "/page/console": views.console,
    "/page/artifacts": artifacts.artifacts,
    "/page/saved-views": saved_views.listed,
}
LINES: dict[str, Callable[[Store, Fields], bytes]] = {
    embed.CHARTS: charts.charts,
    "/page/groups": charts.groups,
}
EDITS: dict[str, Callable[[Store, Fields], Any]] = {
    **run_edits.EDITS,
    "saved-views/save": saved_views.save,
    "saved-views/delete": saved_views.delete,
}
# The page itself tells its views apart: see assets/routes.js.
SHELL_PATHS = ("/", "/o/{organization}/projects", "/o/{organization}/projects/{rest:path}")
DATA_PATHS = ("/api/", "/ingest/", "/blob/", "/files", "/page/", "/assets/", "/healthz")
LINKS_MARK = b"<!-- styles and modules -->"
LOADED_LATE = "vega"  # modules that only some views load, so the shell does not preload them


class PageRoutes:
    """The endpoints of the page.

    Args:
        store: the open data folder.
        bounds: the configurable limits.
        page_auth: checks sessions, tickets and the key.
    """

    def __init__(self, store: Store, bounds: Limits, page_auth: PageAuth) -> None:
        self._store = store
        self._limits = bounds
        self._auth = page_auth

    def routes(self) -> list[Route]:
        """Return the page's routes."""
        return [
            *embed.routes(self._auth, _shell, self.embedded_views(), self.lines(charts.charts)),
            *(Route(path, self.shell, methods=["GET"]) for path in SHELL_PATHS),
            Route("/assets/{name:path}", self.asset, methods=["GET"]),
            Route("/signin", self.sign_in, methods=["GET", "POST"]),
            Route("/signout", self.sign_out, methods=["POST"]),
            *(Route(path, self.view(call), methods=["GET"]) for path, call in VIEWS.items()),
            *(Route(path, self.lines(call), methods=["POST"]) for path, call in LINES.items()),
            *(Route(f"/page/{name}", self.edit(call), methods=["POST"]) for name, call in EDITS.items()),
            Route("/page/files", self.view(self.files), methods=["GET"]),
            Route("/page/contents", self.view(self.contents), methods=["GET"]),
            Route("/page/export", self.export, methods=["GET"]),
            Route("/page/events", self.events, methods=["GET"]),
        ]

    def embedded_views(self) -> dict[str, embed.Endpoint]:
        """Return what a notebook's frame may read of its run: each takes `runs` or `run`, and reads no other."""
        tables = (views.runs, views.summary, views.console, charts.values, artifacts.artifacts)
        return {
            **{path: self.view(call) for path, call in VIEWS.items() if call in tables},
            "/page/files": self.view(self.files),
            "/page/contents": self.view(self.contents),
            "/page/export": self.export,
            "/page/events": self.events,
        }

    async def shell(self, request: Request) -> Response:
        """Return the HTML shell, or redirect to the sign-in form."""
        if not self._has_session(request):
            target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/signin?next={quote(target, safe='')}", 303, SECURITY_HEADERS)
        return _shell(request)

    async def no_such_page(self, request: Request, error: HTTPException) -> Response | None:
        """Return the page for an address that does not exist, or None if a program asked for it."""
        if error.status_code != 404 or not wants_page(request.scope):
            return None
        shown = await self.shell(request)
        if shown.status_code == 200:
            shown.status_code = 404
        return shown

    async def asset(self, request: Request) -> Response:
        """Return a static file."""
        return _asset(request, request.path_params["name"])

    async def sign_in(self, request: Request) -> Response:
        """Show the form, or sign in with the key (POST) or a one-time ticket (GET)."""
        _check_origin(request)
        if request.method == "POST":
            return await self._sign_in_with_key(request)
        ticket = request.query_params.get("ticket")
        if ticket is None or request.method == "HEAD":  # what previews a link must not use it up
            return _asset(request, "signin.html")
        target = request.query_params.get("next", "/")
        if self._auth.redeem_ticket(ticket):
            return self._start_session(request, target)
        signed_in = self._has_session(request)
        address = _safe_redirect(target) if signed_in else f"/signin?used=1&next={quote(target, safe='')}"
        return RedirectResponse(address, 303, SECURITY_HEADERS)

    async def sign_out(self, request: Request) -> Response:
        """End the session and delete its cookie."""
        _check_origin(request)
        self._auth.end_session(request.cookies.get(self._auth.cookie_name, ""))
        answer = RedirectResponse("/signin", 303, SECURITY_HEADERS)
        answer.delete_cookie(self._auth.cookie_name)
        return answer

    def view(self, call: View) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint of a view."""

        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(lambda: _json(call(self._store, Query(request.query_params))))

        return endpoint

    def lines(self, call: Callable[[Store, Fields], bytes]) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint of lines in a binary format."""

        async def endpoint(request: Request) -> Response:
            fields = Fields(parse_json(await _read_body(request)))
            embed.check_runs(self._auth, request, fields.get("runs"))
            body = await run_in_threadpool(call, self._store, fields)
            return Response(body, media_type="application/octet-stream", headers=SECURITY_HEADERS)

        return endpoint

    def edit(self, call: Callable[[Store, Fields], Any]) -> Callable[[Request], Awaitable[Response]]:
        """Return the endpoint of a change; pages of other sites cannot make one."""

        async def endpoint(request: Request) -> Response:
            _check_origin(request)
            if not request.headers.get("content-type", "").startswith("application/json"):
                raise RequestError(415, "The content type must be application/json")
            fields = Fields(parse_json(await _read_body(request)))
            return _json(await run_in_threadpool(call, self._store, fields))

        return endpoint

    def files(self, store: Store, query: Query) -> Any:
        """List files with links."""
        return views.files(store, query, self._file_url)

    def contents(self, store: Store, query: Query) -> Any:
        """List the files of an artifact version with links."""
        return artifacts.contents(store, query, self._file_url)

    async def export(self, request: Request) -> Response:
        """Return the metrics of runs as CSV or Parquet."""
        query = Query(request.query_params)
        kind = query.choice("format", ("csv", "parquet"), "csv")
        headers = {**SECURITY_HEADERS, "Content-Disposition": f'attachment; filename="runs.{kind}"'}
        if kind == "parquet":
            body = await run_in_threadpool(exports.parquet_file, self._store, query)
            return Response(body, media_type="application/vnd.apache.parquet", headers=headers)
        lines = exports.csv_lines(self._store, query)
        first = await run_in_threadpool(next, lines)  # raises errors before the response starts
        content = _prepend(first, iterate_in_threadpool(lines))
        return StreamingResponse(content, media_type="text/csv", headers=headers)

    async def events(self, request: Request) -> Response:
        """Stream an event each time the runs, the project or the list of projects changes."""
        query = Query(request.query_params)
        numbers, project = query.numbers("runs", views.MAX_RUNS), query.optional_text("project")
        return StreamingResponse(
            self._changes(request, numbers, project),
            media_type="text/event-stream",
            headers={**SECURITY_HEADERS, "Cache-Control": "no-store"},
        )

    async def _changes(self, request: Request, numbers: list[int], project: str | None) -> AsyncIterator[bytes]:
        sent = None
        idle_ticks = 0
        yield b"retry: 2000\n\n"
        while not await request.is_disconnected():
            token = await run_in_threadpool(views.change_token, self._store, numbers, project)
            idle_ticks += 1
            if token != sent:
                sent, idle_ticks = token, 0
                yield b"data: " + orjson.dumps(token) + b"\n\n"
            elif idle_ticks >= KEEPALIVE_TICKS:
                idle_ticks = 0
                yield b": keep-alive\n\n"
            await asyncio.sleep(TICK)

    async def _sign_in_with_key(self, request: Request) -> Response:
        form = {
            name: values[0] for name, values in parse_qs((await _read_body(request)).decode("utf-8", "replace")).items()
        }
        target = form.get("next", "/")
        if not self._auth.is_valid_key(form.get("key", "")):
            return RedirectResponse(f"/signin?wrong=1&next={quote(target, safe='')}", 303, SECURITY_HEADERS)
        return self._start_session(request, target)

    def _start_session(self, request: Request, target: str) -> Response:
        answer = RedirectResponse(_safe_redirect(target), 303, SECURITY_HEADERS)
        answer.set_cookie(
            self._auth.cookie_name,
            self._auth.new_session(),
            max_age=SESSION,
            httponly=True,
            samesite="lax",  # strict would require a new sign-in after every link followed from another site
            secure=request.url.scheme == "https",
        )
        return answer

    def _has_session(self, request: Request) -> bool:
        return self._auth.is_valid_session(request.cookies.get(self._auth.cookie_name, ""))

    def _file_url(self, run: int, key: str, name: str) -> str:
        return blobs.sign_url(self._store, "GET", "", run, key, name, self._limits.page_url)


def is_public(path: str) -> bool:
    """Return whether a path of the page needs no authentication or checks it itself."""
    return path in ("/", "/signin", "/signout") or path.startswith(("/o/", "/assets/", "/embed/"))


def accepts_cookie(path: str) -> bool:
    """Return whether a path accepts the session cookie in place of the key."""
    return path.startswith("/page/")


def _check_origin(request: Request) -> None:
    """Raise 403 for a POST that a page of another site sends."""
    # Our own forms have the origin null, as the page sends no referrer.
    origin, site = request.headers.get("origin", "null"), request.headers.get("sec-fetch-site", "same-origin")
    foreign = origin != "null" and urlsplit(origin).netloc != request.headers.get("host")
    if request.method == "POST" and (foreign or site not in ("same-origin", "none")):
        raise RequestError(403, "Only pages of this server sign in and out, and change runs")


def _safe_redirect(path: str) -> str:
    """Return a path of this server; a target elsewhere becomes the front page."""
    local = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return quote(path, safe="/?&=%:+,;@!$'()*~-._") if local else "/"


def wants_page(scope: Scope) -> bool:
    """Return whether a person's browser asks for an address that is not one of data."""
    if scope["method"] != "GET" or scope["path"].startswith(DATA_PATHS):
        return False
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def _shell(request: Request) -> Response:
    """Return the HTML that loads the page; it names all modules, so that none waits for another that imports it."""
    modules = sorted(path for path in ASSETS.rglob("*.js") if path.name not in ("main.js", "signin.js"))
    links = [
        *(f'<link rel="stylesheet" href="/assets/{path}">' for path in _relative(ASSETS.rglob("*.css"))),
        *(
            f'<link rel="modulepreload" href="/assets/{path}">'
            for path in _relative(modules)
            if LOADED_LATE not in path
        ),
    ]
    path = ASSETS / "index.html"
    content = _read(path, path.stat().st_mtime_ns)[0].replace(LINKS_MARK, "\n".join(links).encode())
    return Response(content, media_type="text/html", headers=SECURITY_HEADERS)


def _relative(paths: Iterable[Path]) -> list[str]:
    """Return addresses of assets; libraries come first, so that our own styles have the last word."""
    names = [path.relative_to(ASSETS).as_posix() for path in paths]
    return sorted(names, key=lambda name: (not name.startswith("vendor/"), name != "styles/base.css", name))


def _asset(request: Request, name: str) -> Response:
    """Return an asset, or 304 if the browser's copy is current."""
    path = (ASSETS / name).resolve()
    if not path.is_relative_to(ASSETS) or path.suffix not in CONTENT_TYPES or not path.is_file():
        raise RequestError(404, f"Not found: {name}")
    content, tag = _read(path, path.stat().st_mtime_ns)
    headers = {**SECURITY_HEADERS, "ETag": tag}
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=CONTENT_TYPES[path.suffix], headers=headers)


@functools.cache
def _read(path: Path, changed: int) -> tuple[bytes, str]:
    content = path.read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:16]}"'


async def _read_body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise RequestError(413, f"The request is larger than {MAX_BODY} bytes")
    return body


async def _prepend(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _json(content: Any) -> Response:
    try:
        body = orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # integers over 64 bits and lone surrogates, both legal in a config
        body = json.dumps(content).encode()
    return Response(body, media_type="application/json", headers=SECURITY_HEADERS)
