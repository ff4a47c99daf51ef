"""Build the ASGI application: route tables, authentication, request limits and error responses."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from wandb_compat.server import limits
from wandb_compat.server.auth import PageAuth
from wandb_compat.server.limits import Limits
from wandb_compat.server.page.routes import PageRoutes, wants_page
from wandb_compat.server.page.routes import accepts_cookie as page_accepts_cookie
from wandb_compat.server.page.routes import is_public as page_is_public
from wandb_compat.server.params import (
    Fields,
    Query,
    RequestError,
    StoreError,
    TextError,
    parse_json,
)
from wandb_compat.server.query import metrics, run_data, run_list
from wandb_compat.server.removal import remove_deleted_runs
from wandb_compat.server.request_bodies import BodyBudget, arriving
from wandb_compat.server.responses import (
    client_disconnected,
    damaged,
    http_error,
    json_response,
    request_error,
    unavailable,
)
from wandb_compat.server.storage import blobs, downsampling, ingest, run_edits, run_updates, runs
from wandb_compat.server.storage.database import Store

PUBLIC_PATHS = ("/healthz", "/api/openapi.json")
SIGNED_PREFIX = "/blob/"
# Uploaded files run no script and reach no other host.
FILE_POLICY = "sandbox; default-src 'self' data: blob:; style-src 'unsafe-inline'; script-src 'none'"
# An uploaded page whose scripts the user allowed runs in an opaque origin and reaches no address.
SCRIPTED_FILE_POLICY = (
    "sandbox allow-scripts; default-src 'unsafe-inline' 'unsafe-eval' data: blob:; form-action 'none'"
)

Answer = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]

WRITES: dict[str, Callable[[Store, Fields, str], Answer]] = {
    "/api/slug": run_updates.slug,
    "/api/runs/create": runs.create,
    "/api/runs/resume": runs.resume,
    "/api/runs/status/update": runs.update_status,
    "/api/runs/logName/add": run_updates.add_log_names,
    "/api/runs/tags/update": run_updates.update_tags,
    "/api/runs/config/update": run_updates.update_config,
    "/api/runs/notes/update": run_updates.update_notes,
    "/api/runs/modelGraph/create": run_updates.create_model_graph,
}

# Of the real server's second service, which reports errors in another shape.
HEARTBEATS: dict[str, Callable[[Store, Fields, str], Answer]] = {
    "/api/runs/trigger": run_updates.trigger,
    "/api/runs/alert": run_updates.add_alert,
}

READS: dict[str, Callable[[Store, Query, str], Answer]] = {
    "/api/openapi.json": run_data.openapi,
    "/api/runs/projects": run_data.projects,
    "/api/runs/list": run_list.runs,
    "/api/runs/details/by-display-id/{displayId}": run_data.details_by_display_id,
    "/api/runs/details/{runId}": run_data.details,
    "/api/runs/metric-names": metrics.metric_names,
    "/api/runs/metrics": metrics.metrics,
    "/api/runs/metrics/raw": metrics.raw_metrics,
    "/api/runs/statistics": metrics.statistics,
    "/api/runs/compare": metrics.compare,
    "/api/runs/leaderboard": metrics.leaderboard,
    "/api/runs/logs": run_data.logs,
    "/api/runs/status/history": run_data.status_history,
    "/api/runs/auth/validate": run_data.validate_key,
    # What the real server has no route for.
    "/api/embedded/data": run_data.data,
    "/api/embedded/alerts": run_data.alerts,
    "/api/embedded/modelGraph": run_data.model_graph,
}
SHORT_ID = re.compile(r"/api/runs/[^/]+")  # any other word in this place is decoded, without a key

INGESTS: dict[str, Callable[[Store, int, bytes, str, int], Answer]] = {
    "/ingest/metrics": ingest.metrics,
    "/ingest/data": ingest.data,
    "/ingest/logs": ingest.logs,
}


class _Endpoints:
    """Wraps the calls of the tables above as endpoints of one store."""

    def __init__(self, store: Store, bounds: Limits) -> None:
        self._store = store
        self._limits = bounds
        self._bodies = BodyBudget()

    def write(self, call: Callable[[Store, Fields, str], Answer]) -> Endpoint:
        """Return the endpoint of a call that takes a JSON body."""

        async def endpoint(request: Request) -> Response:
            async with self._bodies.read(request, self._limits.body) as body:
                if body and not request.headers.get("content-type", "").startswith("application/json"):
                    raise RequestError(500, "The content type must be application/json")
                fields = Fields(parse_json(body or b"{}"))
                return json_response(await run_in_threadpool(call, self._store, fields, _base(request)))

        return endpoint

    def edit(self, call: Callable[[Store, Fields], Answer]) -> Endpoint:
        """Return the endpoint of a change that a person makes."""
        return self.write(lambda store, fields, base: call(store, fields))

    def heartbeat(self, call: Callable[[Store, Fields, str], Answer]) -> Endpoint:
        """Return the endpoint of a call of the heartbeat service: invalid requests are 422, errors have `detail`."""

        async def endpoint(request: Request) -> Response:
            try:
                async with self._bodies.read(request, self._limits.body) as body:
                    fields = Fields(parse_json(body))
                    return json_response(await run_in_threadpool(call, self._store, fields, _base(request)))
            except RequestError as error:
                status = 422 if error.status == 400 else error.status
                return json_response({"detail": error.message}, status)

        return endpoint

    def read(self, call: Callable[[Store, Query, str], Answer]) -> Endpoint:
        """Return the endpoint of a call that takes query and path parameters."""

        async def endpoint(request: Request) -> Response:
            query = Query({**request.query_params, **request.path_params})
            # Encoding a large answer is slow too, and would block the event loop.
            return await run_in_threadpool(lambda: json_response(call(self._store, query, _base(request))))

        return endpoint

    def ingest(self, call: Callable[[Store, int, bytes, str, int], Answer]) -> Endpoint:
        """Return the endpoint of a call that stores lines of JSON for the run in the headers."""

        async def endpoint(request: Request) -> Response:
            try:
                run, project = _run_from_headers(request)
                answer, lines = {}, 0
                async with contextlib.aclosing(self._bodies.pieces(request, self._limits.body)) as pieces:
                    async for piece in pieces:
                        answer = await run_in_threadpool(call, self._store, run, piece, project, lines)
                        lines += piece.count(b"\n")
                return json_response(answer)
            except RequestError as error:
                return json_response({"code": "PROCESSING_FAILED", "message": error.message}, error.status)

        return endpoint

    async def presign(self, request: Request) -> Response:
        """Announce files and answer with their upload URLs."""
        try:
            async with self._bodies.read(request, min(self._limits.body, limits.PRESIGN_BODY)) as body:
                text = body
        except RequestError as error:
            raise TextError(error.status, error.message) from None
        try:
            run, project = _run_from_headers(request)
        except RequestError as error:
            return json_response({"code": "INVALID_HEADER_FORMAT", "message": error.message}, 400)
        if not request.headers.get("content-type", "").startswith("application/json"):
            raise TextError(415, "Expected request with `Content-Type: application/json`")
        try:
            files = parse_json(text)
        except RequestError as error:
            raise TextError(400, error.message) from None
        return json_response(
            await run_in_threadpool(blobs.presign, self._store, run, files, _base(request), self._limits, project)
        )

    def list_files(self, store: Store, query: Query, base: str) -> Answer:
        """List a run's files with download URLs."""
        return run_data.files(
            store,
            query,
            lambda run, log_name, name: blobs.sign_url(
                store, "GET", base, run, log_name, name, self._limits.download_url
            ),
        )

    async def upload(self, request: Request) -> Response:
        """Store the bytes of an announced file."""
        query = Query(request.query_params)
        path, _ = blobs.verify_url(self._store, "PUT", request.path_params["blob"], query)
        length = request.headers.get("content-length")
        if length is None:
            raise StoreError(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")
        again = blobs.check_upload(self._store, path, query, int(length), self._limits)
        await blobs.write_upload(self._store, path, arriving(request), int(length), again)
        return Response(status_code=200)

    async def download(self, request: Request) -> Response:
        """Return the bytes of an uploaded file, with headers that keep it from running as a page of this server."""
        path, name = blobs.verify_url(self._store, "GET", request.path_params["blob"], Query(request.query_params))
        if not path.is_file():
            raise RequestError(404, f"{name} was announced but has not been uploaded")
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": SCRIPTED_FILE_POLICY if request.query_params.get("scripts") else FILE_POLICY,
        }
        return FileResponse(path, filename=name.rpartition("/")[2], content_disposition_type="inline", headers=headers)

    async def healthz(self, request: Request) -> Response:
        """Report that the server is up."""
        return json_response({"status": "ok"})

    def routes(self) -> list[Route]:
        """Return the routes of the API, the ingest and the file store."""
        return [
            *(Route(path, self.write(call), methods=["POST"]) for path, call in WRITES.items()),
            # What the real server has no route for, see run_edits.py.
            *(
                Route(f"/api/embedded/{name}", self.edit(call), methods=["POST"])
                for name, call in run_edits.EDITS.items()
            ),
            *(Route(path, self.heartbeat(call), methods=["POST"]) for path, call in HEARTBEATS.items()),
            *(Route(path, self.ingest(call), methods=["POST"]) for path, call in INGESTS.items()),
            *(Route(path, self.read(call), methods=["GET"]) for path, call in READS.items()),
            Route("/api/runs/files", self.read(self.list_files), methods=["GET"]),
            Route("/api/runs/{word}", self.read(run_data.by_short_id), methods=["GET"]),
            Route("/files", self.presign, methods=["POST"]),
            Route("/blob/{blob}", self.upload, methods=["PUT"]),
            Route("/blob/{blob}", self.download, methods=["GET"]),
            Route("/healthz", self.healthz, methods=["GET"]),
        ]


def build_app(store: Store, bounds: Limits) -> ASGIApp:
    """Return the application that serves a store.

    Args:
        store: the open data folder.
        bounds: the configurable limits.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        loops = [_fail_stale_runs_forever(store, bounds), _downsample_forever(store)]
        loops.append(_repeat(lambda: remove_deleted_runs(store), bounds.reap_every))
        if bounds.storage_delay:
            loops.append(_repeat(store.store_due, min(bounds.storage_delay / 4, 0.25)))
        if bounds.statistics_delay:
            loops.append(_repeat(lambda: metrics.update_statistics(store), bounds.statistics_delay))
        tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    page_auth = PageAuth(store.key, store.signed_out)
    page = PageRoutes(store, bounds, page_auth)

    async def page_or_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return await page.no_such_page(request, error) or http_error(request, error)

    app = Starlette(
        routes=[*_Endpoints(store, bounds).routes(), *page.routes()],
        exception_handlers={
            RequestError: request_error,
            HTTPException: page_or_error,
            ClientDisconnect: client_disconnected,
            sqlite3.OperationalError: unavailable,
            sqlite3.DatabaseError: damaged,
            OSError: unavailable,
        },
        lifespan=lifespan,
    )
    return _AuthMiddleware(app, store.key, page_auth)


class _AuthMiddleware:
    """Requires the key except on public paths; the page's data paths accept the session cookie too."""

    def __init__(self, app: ASGIApp, key: str, page_auth: PageAuth) -> None:
        self._app = app
        self._page_auth = page_auth
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_public(scope) or wants_page(scope):
            await self._app(scope, receive, send)
            return
        # As on the real server the scheme and whatever follows the key are ignored.
        words = next((value for name, value in scope["headers"] if name == b"authorization"), b"").split(b" ")
        given = words[1] if len(words) > 1 else b""
        if hmac.compare_digest(given, self._key) or (page_accepts_cookie(scope["path"]) and self._has_session(scope)):
            await self._app(scope, receive, send)
            return
        message = "Key not found" if given.startswith((b"mlpi_", b"mlps_")) else "Invalid API key"
        if scope["path"].startswith("/ingest/"):
            answer = json_response({"code": "PROCESSING_FAILED", "message": f"Authentication failed: {message}"}, 422)
        elif scope["path"] in HEARTBEATS:
            answer = json_response({"detail": message}, 401)
        elif scope["path"] == "/files":
            answer = json_response({"code": "INVALID_TOKEN", "message": message}, 401)
        elif not given:
            answer = json_response({"error": message}, 401)
        else:
            answer = json_response({"error": "Unauthorized", "message": message}, 401)
        await answer(scope, receive, send)

    def _has_session(self, scope: Scope) -> bool:
        for name, value in scope["headers"]:
            if name == b"cookie":
                try:
                    cookie = SimpleCookie(value.decode("latin-1")).get(self._page_auth.cookie_name)
                except CookieError:
                    continue
                if cookie is not None and self._page_auth.is_valid_session(cookie.value):
                    return True
        return False

    @staticmethod
    def _is_public(scope: Scope) -> bool:
        path = scope["path"]
        if path in PUBLIC_PATHS or path.startswith(SIGNED_PREFIX) or page_is_public(path):
            return True
        return scope["method"] == "GET" and path not in GETS and SHORT_ID.fullmatch(path) is not None


GETS = {*READS, "/api/runs/files"}


async def _repeat(call: Callable[[], None], interval: float) -> None:
    while True:
        await asyncio.sleep(interval)
        with contextlib.suppress(sqlite3.OperationalError):  # a full disk may have room at the next pass
            await run_in_threadpool(call)


async def _fail_stale_runs_forever(store: Store, bounds: Limits) -> None:
    started = store.now()
    while True:
        await asyncio.sleep(bounds.reap_every)
        with contextlib.suppress(sqlite3.OperationalError):  # a full disk may have room at the next pass
            await run_in_threadpool(runs.fail_stale_runs, store, bounds, started)


async def _downsample_forever(store: Store) -> None:
    interval = downsampling.IDLE_INTERVAL
    while True:
        await asyncio.sleep(interval)
        with contextlib.suppress(sqlite3.OperationalError):
            interval = await run_in_threadpool(downsampling.run_paced_round, store)


def _run_from_headers(request: Request) -> tuple[int, str]:
    """Return run and project that an ingest request names in its headers; as on Pluto, a word means run 0."""
    run, project = request.headers.get("x-run-id"), request.headers.get("x-project-name")
    if not run or not project:
        raise RequestError(422, "The headers X-Run-Id and X-Project-Name are required")
    with contextlib.suppress(UnicodeError):
        project = project.encode("latin-1").decode()
    return int(run) if run.isdecimal() and int(run) <= limits.STEP else 0, project


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")
