"""TLS certificates and proxies of a company's network, the same for every connection.

Certificates are those that a variable names; without one, the system's store and certifi's list. Proxies are those of
wandb's settings, else those of the environment.
"""

from __future__ import annotations

import logging
import os
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import should_bypass_proxies

from wandb_compat.config import network

log = logging.getLogger(__name__)

PIECE = 1024  # bytes sent or read at once: each may take the connection's whole timeout, so 1 kB/s is fast enough

_contexts: dict[tuple[str | None, ...], ssl.SSLContext] = {}  # by the variables that they depend on


def proxies_for(url: str) -> dict[str, str]:
    """Return the proxies of wandb's settings for a URL by scheme; without one, the environment's count."""
    scheme = urlsplit(url).scheme
    proxy = network.proxy(scheme)
    return {scheme: proxy} if proxy and not should_bypass_proxies(url, no_proxy=None) else {}


def ssl_context() -> ssl.SSLContext:
    """Return the context of every TLS connection; made once for the variables that it depends on."""
    insecure = network.is_insecure()
    key = (str(insecure), *(os.environ.get(name) for name in network.CERTIFICATE_VARIABLES))
    if key not in _contexts:
        _contexts[key] = _insecure_context() if insecure else _checking_context()
    return _contexts[key]


def _insecure_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _checking_context() -> ssl.SSLContext:
    named = {name: path for name in network.CERTIFICATE_VARIABLES if (path := os.environ.get(name))}
    given = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if sum(_load(given, name, path) for name, path in named.items()):
        return given
    import certifi
    import truststore  # takes milliseconds, and connections without TLS do without

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(certifi.where())  # a small container has no store
    return context


def _load(context: ssl.SSLContext, variable: str, path: str) -> bool:
    """Add the certificates that a variable names; return whether that was possible."""
    try:
        if Path(path).is_dir():
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except OSError as error:  # ssl.SSLError is one
        log.warning("%s=%s is ignored: %s", variable, path, error)
        return False
    return True


class Adapter(HTTPAdapter):
    """Connects with our certificates, and sends bodies in pieces: a timeout is for each of them, not for the whole."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool of direct connections."""
        super().init_poolmanager(*args, **kwargs, blocksize=PIECE)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Return the pool of connections through a proxy."""
        if urlsplit(proxy).scheme == "https":
            kwargs["proxy_ssl_context"] = ssl_context()
        return super().proxy_manager_for(proxy, **kwargs)

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: bool | str, cert: Any = None
    ) -> tuple[Any, Any]:
        """Return where a request goes, and with which certificates."""
        host, pool = super().build_connection_pool_key_attributes(request, True, cert)
        if host["scheme"] == "https":
            pool["ssl_context"] = ssl_context()
            pool["cert_reqs"] = "CERT_NONE" if network.is_insecure() else "CERT_REQUIRED"
        return host, pool

    def cert_verify(self, conn: Any, url: str, verify: bool | str, cert: Any) -> None:
        """Leave the connection as it is: it has our context, to which requests would add its own certificates."""


def session() -> requests.Session:
    """Return a session whose requests use our certificates, and nothing that ~/.netrc has."""
    made = requests.Session()
    made.auth = lambda request: request
    for scheme in ("http://", "https://"):
        made.mount(scheme, Adapter())
    if network.is_insecure():
        import urllib3

        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return made


def pool(made: requests.Session, url: str) -> Any:
    """Return the pool of a session's direct connections to the host of a URL."""
    adapter = made.get_adapter(url)
    assert isinstance(adapter, HTTPAdapter)
    return adapter.get_connection_with_tls_context(requests.Request("POST", url).prepare(), True)


def read_as_configured(client: Any, url: str) -> Any:
    """Return an `httpx.Client` that reads from the host of a URL with our certificates and proxies.

    Args:
        client: a client with default certificates and proxies, as `pluto.query` makes it; it is closed if replaced.
        url: any URL of the host.
    """
    import httpx  # slow to import, and only readers need it

    options: dict[str, Any] = {"verify": ssl_context()} if urlsplit(url).scheme == "https" else {}
    if proxies := proxies_for(url):
        options["proxy"] = next(iter(proxies.values()))
    if not options:
        return client
    client.close()
    return httpx.Client(http2=True, headers=client.headers, timeout=client.timeout, **options)


def certificate_hint(error: BaseException) -> str:
    """Return what the user can do about an error of a connection, or nothing if it is not about certificates."""
    seen: set[int] = set()
    inner: Any = error
    while isinstance(inner, BaseException) and id(inner) not in seen:
        seen.add(id(inner))
        if isinstance(inner, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(inner):
            return (
                ": if the certificate is your company's, name the file with its authority in SSL_CERT_FILE;"
                " see docs/company-network.md"
            )
        inner = getattr(inner, "reason", None) or inner.__cause__ or inner.__context__ or next(iter(inner.args), None)
    return ""
