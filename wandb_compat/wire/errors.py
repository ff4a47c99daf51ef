"""The errors of everything that talks to a Pluto server, or that delivers a run directory to one."""

from __future__ import annotations

# PlutoError
# ├── WireError                  a request failed
# │   ├── Unavailable            it may succeed later: no connection, 5xx, 429, a full local disk
# │   │   └── UploadRejected     a store refuses one file at its URL; it may take the file at a new URL
# │   ├── Unauthorized           the server refuses the key
# │   └── Refused                the server never takes this request as it is
# ├── Unanswered                 a question that blocks the caller got no answer in time
# ├── EndpointError (ValueError) the server's URLs are incomplete or malformed
# ├── RunDirBusy                 another uploader works on the run directory
# ├── NoRunFound                 the directory holds no run
# └── UnpublishableArtifact      an artifact can never be published as it is

TOO_LARGE = 413  # the status by which servers and proxies refuse large bodies
CONTENT = {400, 409, TOO_LARGE, 422}  # statuses that may blame what was sent; all others blame sender, route or time


class PlutoError(Exception):
    """Base of all errors of this module."""


class WireError(PlutoError):
    """Base of failed requests."""


class Unavailable(WireError):
    """The server cannot be reached or cannot serve now.

    `wait` is the pause that it asked for, in seconds. `arrived` says whether the request may have arrived: it was sent,
    and its answer was lost.
    """

    def __init__(self, message: str, wait: float | None = None, arrived: bool = False) -> None:
        super().__init__(message)
        self.wait = wait
        self.arrived = arrived


class PartlyStored(Unavailable):
    """The server has refused a batch and stored what comes before the bad record in it; `wait` until that shows."""


class UploadRejected(Unavailable):
    """A store refuses one file at its presigned URL, for instance because the URL has expired."""


class Unauthorized(WireError):
    """The server refuses the key."""


class Refused(WireError):
    """The server never takes this request as it is; `status` is the HTTP status, 0 if no request could be made."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status

    @property
    def content(self) -> bool:
        """Whether the fault may be in the content; otherwise nothing can be sent to that route now."""
        return self.status in CONTENT


class Unanswered(PlutoError):
    """The server did not answer a question in time; the text says why."""


class EndpointError(PlutoError, ValueError):
    """Some of the URLs are set and the others do not follow from them."""


class RunDirBusy(PlutoError):
    """Another uploader works on the run directory."""


class NoRunFound(PlutoError):
    """The directory holds no run that could be uploaded."""


class UnpublishableArtifact(PlutoError):
    """The artifact can never be published as it is."""
