"""The four base URLs of a Pluto server, complete or refused: a self-hosted one never falls back to the public cloud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from wandb_compat.config.login_choice import URL_VARIABLES
from wandb_compat.wire.errors import EndpointError

VARIABLES = URL_VARIABLES
# The ports of Pluto's own compose file, in the order of VARIABLES.
PORTS = (3000, 3001, 3003, 3004)


class Endpoints(NamedTuple):
    """Base URLs without a trailing slash."""

    app: str
    api: str
    ingest: str
    py: str

    def hosts(self) -> list[str]:
        """Return the distinct base URLs, in order."""
        return list(dict.fromkeys(self))


CLOUD = Endpoints(
    app="https://pluto.trainy.ai",
    api="https://pluto-api.trainy.ai",
    ingest="https://pluto-ingest.trainy.ai",
    py="https://pluto-py.trainy.ai",
)


def resolve(given: Sequence[str | None]) -> Endpoints:
    """Return all URLs from those that are given, in the order of VARIABLES; none at all means the public cloud.

    A missing one is derived where there is one way only: all others are the same URL, or the others are one host's
    standard ports (3000 app, 3001 api, 3003 ingest, 3004 py).

    Raises:
        EndpointError: a URL is missing and cannot be derived, or is not a http(s) URL; the text names the variable.
    """
    urls = [url.strip().rstrip("/") if url else None for url in given]
    for variable, url in zip(VARIABLES, urls, strict=True):
        if url is not None and not _is_web_address(url):
            raise EndpointError(f"{variable}={url!r} is not a URL; give it as https://host or http://host:port")
    known = [url for url in urls if url is not None]
    if not known:
        return CLOUD
    if None in urls:
        urls = [url or derived for url, derived in zip(urls, _derive(urls, known), strict=True)]
    missing = [variable for variable, url in zip(VARIABLES, urls, strict=True) if url is None]
    if missing:
        raise EndpointError(
            f"{' and '.join(missing)} must be set as well: Pluto's URLs point to {known[0]}, and with these unset "
            "the key would go to the public cloud"
        )
    return Endpoints(*[url for url in urls if url is not None])


def server_at(url: str) -> Endpoints:
    """Return all URLs of a self-hosted server from any one of them: its standard ports, or else one URL for all.

    Raises:
        EndpointError: it is not a http(s) URL.
    """
    same = resolve([url] * len(VARIABLES))
    home = next((home for port in PORTS if (home := _standard(same.api, port))), None)
    return same if home is None else Endpoints(*[f"{home}:{port}" for port in PORTS])


def _is_web_address(url: str) -> bool:
    """Whether a URL has the scheme http or https, a host and, if any, a port that exists."""
    try:
        split = urlsplit(url)
        split.port  # noqa: B018 # raises
    except ValueError:  # a bad port, or brackets that are not those of an IPv6 address
        return False
    return split.scheme in ("http", "https") and bool(split.hostname)


def _derive(urls: list[str | None], known: list[str]) -> list[str | None]:
    standard = [_standard(url, port) for url, port in zip(urls, PORTS, strict=True)]
    homes = {home for url, home in zip(urls, standard, strict=True) if url is not None}
    if len(homes) == 1 and (home := homes.pop()) is not None:
        return [f"{home}:{port}" for port in PORTS]
    if len(known) > 1 and len(set(known)) == 1:
        return [known[0]] * len(urls)
    return [None] * len(urls)


def _standard(url: str | None, port: int) -> str | None:
    """Return scheme and host of a URL that uses its standard port."""
    if url is None or urlsplit(url).port != port:
        return None
    host = urlsplit(url).hostname or ""
    return f"{urlsplit(url).scheme}://{f'[{host}]' if ':' in host else host}"


def redirect_message(endpoints: Endpoints, url: str, location: str) -> str:
    """Return the message about a redirect, which is not followed: the key goes to the configured hosts only.

    Args:
        endpoints: the configured URLs.
        url: what was asked for.
        location: where the answer points to.
    """
    target = urljoin(url, location).partition("?")[0]
    base = next((one for one in endpoints if url.startswith(f"{one}/")), url)
    named = ", ".join(name for name, one in zip(VARIABLES, endpoints, strict=True) if one == base)
    path = url.removeprefix(base).partition("?")[0]
    if location and path and target.endswith(path):
        return f"the Pluto server at {base} redirects to {target.removesuffix(path)}: set {named} to that"
    split = urlsplit(target)
    return (
        f"the Pluto server at {base} redirects to {split.scheme}://{split.netloc}, perhaps a proxy's sign-in page: "
        f"sign in there, or set {named} to an address that leads to the server itself"
    )
