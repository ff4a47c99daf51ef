"""The web application: which call answers at which address, who is let in, and how a refusal looks."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from wandb_compat.server import limits
from wandb_compat.server.auth import Doorkeeper
from wandb_compat.server.limits import Limits
from wandb_compat.server.page import routes
from wandb_compat.server.params import Fields, Query, Refusal, document
from wandb_compat.server.query import run_data, run_list
from wandb_compat.server.storage import blobs, downsampling, ingest, runs
from wandb_compat.server.storage.database import Store

OPEN_PATHS = ("/healthz", "/api/openapi.json")
SIGNED_PATHS = "/blob/"
# What people upload runs no script and reaches no other host.
INERT = "sandbox; default-src 'self' data: blob:; style-src 'unsafe-inline'; script-src 'none'"
# A page whose scripts somebody lets run gets an origin of its own, and reaches no address.
LONELY = "sandbox allow-scripts; default-src 'unsafe-inline' 'unsafe-eval' data: blob:; form-action 'none'"

Answer = dict[str, Any]
Endpoint = Callable[[Request], Awaitable[Response]]

WRITES: dict[str, Callable[[Store, Fields, str], Answer]] = {
    "/api/slug": runs.slug,
    "/api/runs/create": runs.create,
    "/api/runs/resume": runs.resume,
    "/api/runs/status/update": runs.update_status,
    "/api/runs/logName/add": runs.add_log_names,
    "/api/runs/tags/update": runs.update_tags,
    "/api/runs/config/update": runs.update_config,
    "/api/runs/modelGraph/create": runs.create_model_graph,
    "/api/runs/trigger": runs.trigger,
    "/api/runs/alert": runs.add_alert,
}

READS: dict[str, Callable[[Store, Query, str], Answer]] = {
    "/api/openapi.json": run_data.openapi,
    "/api/runs/projects": run_data.projects,
    "/api/runs/list": run_list.runs,
    "/api/runs/details/by-display-id/{displayId}": run_data.details_by_display_id,
    "/api/runs/details/{runId}": run_data.details,
    "/api/runs/metric-names": run_data.metric_names,
    "/api/runs/metrics": run_data.metrics,
    "/api/runs/statistics": run_data.statistics,
    "/api/runs/compare": run_data.compare,
    "/api/runs/leaderboard": run_data.leaderboard,
    "/api/runs/logs": run_data.logs,
    "/api/runs/data": run_data.data,
    "/api/runs/alerts": run_data.alerts,
    "/api/runs/modelGraph": run_data.model_graph,
}

INGESTS: dict[str, Callable[[Store, int, bytes], Answer]] = {
    "/ingest/metrics": ingest.metrics,
    "/ingest/data": ingest.data,
    "/ingest/logs": ingest.logs,
}


def build(store: Store, bounds: Limits) -> ASGIApp:
    """Return the application that serves a store."""

    def write(call: Callable[[Store, Fields, str], Answer]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            body = await _body(request, bounds.body)
            return _json(await run_in_threadpool(lambda: call(store, Fields(document(body or b"{}")), _base(request))))

        return endpoint

    def read(call: Callable[[Store, Query, str], Answer]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            asked = Query({**request.query_params, **request.path_params})
            # Encoding a large answer takes a while too, and would keep everybody else waiting on the event loop.
            return await run_in_threadpool(lambda: _json(call(store, asked, _base(request))))

        return endpoint

    def take(call: Callable[[Store, int, bytes], Answer]) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            run = _run_of(request)
            body = await _body(request, bounds.body)
            return _json(await run_in_threadpool(call, store, run, body))

        return endpoint

    async def presign(request: Request) -> Response:
        run = _run_of(request)
        body = document(await _body(request, min(bounds.body, limits.PRESIGN_BODY)))
        return _json(await run_in_threadpool(blobs.presign, store, run, body, _base(request), bounds))

    def list_files(_: Store, asked: Query, base: str) -> Answer:
        return run_data.files(
            store,
            asked,
            lambda run, log_name, name: blobs.sign(store, "GET", base, run, log_name, name, bounds.download_url),
        )

    async def upload(request: Request) -> Response:
        path, _ = blobs.admit(store, "PUT", request.path_params["blob"], Query(request.query_params))
        length = request.headers.get("content-length")
        announced = int(length) if length else None
        if announced is not None and announced > bounds.upload:
            raise Refusal(413, f"The file has {announced} bytes; at most {bounds.upload} are taken")
        await blobs.receive(path, request.stream(), announced, bounds)
        return Response(status_code=200)

    async def download(request: Request) -> Response:
        path, name = blobs.admit(store, "GET", request.path_params["blob"], Query(request.query_params))
        if not path.is_file():
            raise Refusal(404, f"{name} was announced but has not been uploaded")
        # What people upload must not run as a page of this server.
        guards = {
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": LONELY if request.query_params.get("scripts") else INERT,
        }
        return FileResponse(path, filename=name.rpartition("/")[2], content_disposition_type="inline", headers=guards)

    async def healthz(request: Request) -> Response:
        return _json({"status": "ok"})

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_reap_for_ever(store, bounds)), asyncio.create_task(_thin_for_ever(store))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    door = Doorkeeper(store.key)
    app = Starlette(
        routes=[
            *(Route(path, write(call), methods=["POST"]) for path, call in WRITES.items()),
            *(Route(path, take(call), methods=["POST"]) for path, call in INGESTS.items()),
            *(Route(path, read(call), methods=["GET"]) for path, call in READS.items()),
            Route("/api/runs/files", read(list_files), methods=["GET"]),
            Route("/files", presign, methods=["POST"]),
            Route("/blob/{blob}", upload, methods=["PUT"]),
            Route("/blob/{blob}", download, methods=["GET"]),
            Route("/healthz", healthz, methods=["GET"]),
            *routes.routes(store, bounds, door),
        ],
        exception_handlers={
            Refusal: _refused,
            HTTPException: _not_found,
            ClientDisconnect: _gone,
            sqlite3.OperationalError: _unavailable,
            OSError: _unavailable,
        },
        lifespan=lifespan,
    )
    return _Gate(app, store.key, door)


class _Gate:
    """Lets nobody in without the key, save to the addresses that need none; the page's also with its cookie."""

    def __init__(self, app: ASGIApp, key: str, door: Doorkeeper) -> None:
        self._app = app
        self._door = door
        self._expected = b"Bearer " + key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if hmac.compare_digest(given, self._expected) or (
            routes.is_for_eyes(scope["path"]) and self._has_cookie(scope)
        ):
            await self._app(scope, receive, send)
            return
        genuine = given.startswith((b"Bearer mlpi_", b"Bearer mlps_"))
        answer = {"error": "Unauthorized", "message": "Key not found" if genuine else "Invalid API key"}
        await _json(answer, 401)(scope, receive, send)

    def _has_cookie(self, scope: Scope) -> bool:
        for name, value in scope["headers"]:
            if name == b"cookie":
                try:
                    found = SimpleCookie(value.decode("latin-1")).get(self._door.cookie_name)
                except CookieError:
                    continue
                if found is not None and self._door.knows(found.value):
                    return True
        return False

    @staticmethod
    def _is_open(path: str) -> bool:
        return path in OPEN_PATHS or path.startswith(SIGNED_PATHS) or routes.is_open(path)


async def _reap_for_ever(store: Store, bounds: Limits) -> None:
    served_since = store.now()
    while True:
        await asyncio.sleep(bounds.reap_every)
        with contextlib.suppress(sqlite3.OperationalError):  # a full disk now may have room the next time
            await run_in_threadpool(runs.reap, store, bounds, served_since)


async def _thin_for_ever(store: Store) -> None:
    rest = downsampling.REST
    while True:
        await asyncio.sleep(rest)
        with contextlib.suppress(sqlite3.OperationalError):
            rest = await run_in_threadpool(downsampling.paced_turn, store)


async def _body(request: Request, limit: int) -> bytes:
    """Return the body of a request, or refuse with 413 before it is read whole."""
    chunks = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise Refusal(413, f"The request is larger than {limit} bytes; send it in smaller parts")
        chunks.append(chunk)
    return b"".join(chunks)


def _run_of(request: Request) -> int:
    """Return the run that an ingest request names in its headers; like Pluto's, a text that is no number means 0."""
    run, project = request.headers.get("x-run-id"), request.headers.get("x-project-name")
    if not run or not project:
        raise Refusal(422, "The headers X-Run-Id and X-Project-Name are required")
    return int(run) if run.isdecimal() and int(run) <= limits.STEP else 0


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _json(content: Any, status: int = 200) -> Response:
    try:
        body = orjson.dumps(content)
    except TypeError:  # integers over 64 bits and halves of surrogate pairs, both legal in a config
        body = json.dumps(content).encode()
    return Response(body, status, media_type="application/json")


def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return _json({"error": refusal.reason, "message": refusal.reason}, refusal.status)


def _not_found(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    reason = f"{error.detail}: {request.method} {request.url.path}"
    return _json({"error": reason, "message": reason}, error.status_code)


def _gone(request: Request, error: Exception) -> Response:
    """Answer nobody: the client went away before it had sent everything."""
    return Response(status_code=400)


def _unavailable(request: Request, error: Exception) -> Response:
    """Answer 503, which clients try again: a full disk or a locked database can heal."""
    reason = f"The server cannot store or read right now: {error}"
    return _json({"error": reason, "message": reason}, 503)
