"""The view of one run that a notebook shows in a frame: reads this run only, by the token in its URL and no cookie."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wandb_compat.server.auth import PageAuth
from wandb_compat.server.params import RequestError

# Notebooks of this machine, of any port. A notebook elsewhere cannot reach this server's loopback address anyway.
FRAME_ANCESTORS = "frame-ancestors 'self' http://localhost:* http://127.0.0.1:*"
EXPIRED = (
    "<!doctype html><title>Expired</title><p>This view of a run has expired. Run the cell again, or open the page with "
    "<code>wandb-compat serve --open</code>."
)
# In a frame the page cannot show other addresses, so links open another tab.
LINKS_IN_TABS = b'<base target="_blank">'

CHARTS = "/page/charts"
Endpoint = Callable[[Request], Awaitable[Response]]


def routes(
    auth: PageAuth, shell: Callable[[Request], Response], views: Mapping[str, Endpoint], charts: Endpoint
) -> list[Route]:
    """Return the routes of the frame.

    Args:
        auth: checks the token.
        shell: returns the page's HTML.
        views: endpoints of the data, by path; each reads the runs that its parameters `runs` or `run` name.
        charts: endpoint of the lines, which calls `check_runs` itself: the runs are in the body.
    """

    async def frame(request: Request) -> Response:
        if not auth.may_read_run(request.path_params["token"], request.path_params["number"]):
            headers = {"Content-Security-Policy": f"default-src 'none'; {FRAME_ANCESTORS}"}
            return Response(EXPIRED, 403, headers, media_type="text/html")
        answer = shell(request)
        answer.body = bytes(answer.body).replace(b"<head>", b"<head>" + LINKS_IN_TABS, 1)
        answer.headers["Content-Length"] = str(len(answer.body))
        policy, _, _ = answer.headers["Content-Security-Policy"].rpartition("frame-ancestors")
        answer.headers["Content-Security-Policy"] = policy + FRAME_ANCESTORS
        return answer

    def checked(endpoint: Endpoint) -> Endpoint:
        async def check_then_answer(request: Request) -> Response:
            if request.method == "GET":
                names = [name for name in request.query_params if name in ("run", "runs", "project")]
                check_runs(auth, request, [request.query_params[name] for name in names if name != "project"])
                if len(names) != 1 or len(request.query_params.getlist(names[0])) != 1:
                    raise RequestError(403, "This link reads one run only")
            return await endpoint(request)

        return check_then_answer

    return [
        Route("/embed/{token}/o/local/projects/{project}/{number}", frame, methods=["GET"]),
        *(Route(f"/embed/{{token}}{path}", checked(endpoint), methods=["GET"]) for path, endpoint in views.items()),
        Route(f"/embed/{{token}}{CHARTS}", charts, methods=["POST"]),
    ]


def check_runs(auth: PageAuth, request: Request, runs: Any) -> None:
    """Raise 401 if a request of a frame names runs that its token does not allow; other requests pass.

    Args:
        auth: checks the token.
        request: the request.
        runs: the numbers that it names, as a list of integers or texts.
    """
    token = request.path_params.get("token")
    if token is not None and not (
        isinstance(runs, list) and runs and all(auth.may_read_run(token, str(run)) for run in runs)
    ):
        raise RequestError(401, "This link has expired, or is for another run")
