"""A client of the object store that keeps files: presigned URLs, without the key of the Pluto server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import requests

from wandb_compat.config.limits import UPLOAD_TIMEOUT
from wandb_compat.system.file_access import replace
from wandb_compat.wire import network
from wandb_compat.wire.answers import (
    cause_of,
    host_of,
    is_store_answer,
    read_answer,
    reason_of,
    unexpected_answer,
    upload_error,
)
from wandb_compat.wire.errors import Unavailable

PIECE = 1024**2  # bytes that are read at once


class StoreClient:
    """Uploads to and downloads from presigned URLs; use one client a thread."""

    def __init__(self) -> None:
        """Prepare; nothing is sent yet."""
        self._uploads = network.session()

    def close_uploads(self) -> None:
        """Close the connections; a later request opens new ones."""
        self._uploads.close()

    def upload(self, url: str, content: BinaryIO, content_type: str) -> None:
        """Upload a file's content to a URL of `presign`. The key is not sent: the URL may be of any host."""
        headers = {"Content-Type": content_type}
        is_empty = not content.read(1)
        content.seek(0)
        try:
            with self._uploads.put(
                # Without a length stores refuse an upload, and `requests` sends an empty stream without one.
                url,
                data=b"" if is_empty else content,
                headers=headers,
                timeout=UPLOAD_TIMEOUT,
                allow_redirects=False,
                stream=True,
                proxies=network.proxies_for(url),
            ) as response:
                answer = read_answer(response)  # to its end, or the connection could not serve the next file
        except requests.RequestException as error:
            raise Unavailable(f"{host_of(url)} does not accept a file ({cause_of(error)})") from error
        if answer.status in (200, 201):
            if not is_store_answer(answer):
                raise unexpected_answer(host_of(url))
            return
        raise upload_error(url, answer)

    def read(self, url: str) -> bytes:
        """Return the bytes behind a download URL of `files`."""
        return b"".join(self._pieces(url))

    def download(self, url: str, path: Path) -> None:
        """Download the content of a URL of `files` to a file, which appears when it is complete."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{uuid4().hex[:12]}.part")
        try:
            with draft.open("wb") as stream:
                for piece in self._pieces(url):
                    stream.write(piece)
            replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)

    def _pieces(self, url: str) -> Iterator[bytes]:
        with self.get(url) as response:
            if response.status_code == 404:
                raise FileNotFoundError(f"{host_of(url)} has no bytes of the file: its upload was never finished")
            if response.status_code != 200:
                answer = read_answer(response)
                raise Unavailable(f"{host_of(url)} answers {answer.status} to a download: {reason_of(answer)}")
            yield from response.iter_content(PIECE)

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator[requests.Response]:
        """Yield the answer of any status to a request for a download URL; its body is read as the caller asks for it.

        Raises:
            Unavailable: no answer, or not all of it, came; this may be raised by the caller's reading.
        """
        try:
            # Redirects may be followed: the key is not sent along.
            with self._uploads.get(
                url, headers=headers, stream=True, timeout=UPLOAD_TIMEOUT, proxies=network.proxies_for(url)
            ) as response:
                yield response
        except requests.RequestException as error:
            raise Unavailable(f"{host_of(url)} does not send a file ({cause_of(error)})") from error
