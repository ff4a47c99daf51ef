"""What wandb's settings and the environment say about proxies and certificates.

Light on purpose: `wandb.init` imports this module in every training process.
"""

from __future__ import annotations

import os
from typing import Any

from wandb_compat.config.truthy import is_true

CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
INSECURE_VARIABLES = ("WANDB_INSECURE_DISABLE_SSL", "PLUTO_INSECURE_DISABLE_SSL")
PROXY_VARIABLES = {"http": "WANDB_HTTP_PROXY", "https": "WANDB_HTTPS_PROXY"}  # by the scheme of the server's URL
INSECURE_WARNING = (
    "The certificates of Pluto servers are not checked (WANDB_INSECURE_DISABLE_SSL or insecure_disable_ssl): "
    "anyone on the way can read your key. See docs/company-network.md for the safe way"
)

_proxies: dict[str, str] = {}  # of wandb's settings, by scheme
_insecure = False  # the same


def configure(settings: Any) -> None:
    """Take over what wandb's settings say, for this process and its uploaders.

    Args:
        settings: an object that may have `x_proxies` (URL by scheme), `http_proxy`, `https_proxy` and
            `insecure_disable_ssl`.
    """
    global _insecure
    given = getattr(settings, "x_proxies", None)
    for scheme, url in given.items() if isinstance(given, dict) else ():
        _proxies[str(scheme).partition(":")[0]] = str(url)
    for scheme in PROXY_VARIABLES:
        if url := getattr(settings, f"{scheme}_proxy", None):
            _proxies[scheme] = str(url)
    _insecure = _insecure or bool(getattr(settings, "insecure_disable_ssl", False))


def environment() -> dict[str, str]:
    """Return the variables that pass the settings on to an uploader."""
    given = {PROXY_VARIABLES[scheme]: url for scheme, url in _proxies.items() if scheme in PROXY_VARIABLES}
    return {**given, **({INSECURE_VARIABLES[0]: "true"} if _insecure else {})}


def proxy(scheme: str) -> str | None:
    """Return the proxy of wandb's settings for URLs of a scheme, None if they have none."""
    return _proxies.get(scheme) or os.environ.get(PROXY_VARIABLES.get(scheme, "")) or None


def is_insecure() -> bool:
    """Whether the user has turned the check of certificates off."""
    return _insecure or any(is_true(os.environ.get(name)) for name in INSECURE_VARIABLES)
