"""Reads request bodies: bounded one by one and together, in pieces where that is possible, and never for ever."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator

from starlette.requests import Request

from wandb_compat.server import limits
from wandb_compat.server.params import RequestError


class BodyBudget:
    """The bytes of request bodies that are held at the same time; who comes when they are used up waits.

    A body takes many times its size while it is parsed, so it is the sum that must be bounded.

    Args:
        total: bytes.
    """

    def __init__(self, total: int = limits.BODIES) -> None:
        self._total = total
        self._held = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @contextlib.asynccontextmanager
    async def hold(self, size: int) -> AsyncIterator[None]:
        """Hold so many bytes while the block runs, all of them if it is more; the first to come is the first served."""
        size = min(size, self._total)
        if self._waiting or self._held + size > self._total:
            await self._wait(size)
        else:
            self._held += size
        try:
            yield
        finally:
            self._release(size)

    async def _wait(self, size: int) -> None:
        granted = asyncio.get_running_loop().create_future()
        self._waiting.append((size, granted))
        try:
            await granted
        except asyncio.CancelledError:  # the client has gone
            if granted.done() and not granted.cancelled():
                self._release(size)
            else:
                self._waiting.remove((size, granted))
                self._grant()
            raise

    def _release(self, size: int) -> None:
        self._held -= size
        self._grant()

    def _grant(self) -> None:
        while self._waiting and self._held + self._waiting[0][0] <= self._total:
            size, granted = self._waiting.popleft()
            if not granted.cancelled():
                self._held += size
                granted.set_result(None)

    @contextlib.asynccontextmanager
    async def read(self, request: Request, limit: int) -> AsyncIterator[bytes]:
        """Read the whole body of a request and hold it while the block runs.

        Raises:
            RequestError: 413, it is larger than the limit; 408, it does not come.
        """
        async with self.hold(_announced(request, limit)):
            chunks, size = [], 0
            async for chunk in arriving(request):
                size = _checked(size + len(chunk), limit)
                chunks.append(chunk)
            yield b"".join(chunks)

    async def pieces(self, request: Request, limit: int) -> AsyncGenerator[bytes, None]:
        """Yield the body of a request in pieces that end with a line; at least one, which may be empty.

        Each is held until the next one is asked for.

        Raises:
            RequestError: 413, the whole is larger than the limit; 408, it does not come.
        """
        announced = _announced(request, limit)
        stream, size, rest, more = arriving(request), 0, b"", True
        while more:
            async with self.hold(min(announced - size + len(rest), limits.PIECE)):
                chunks, piece_size, more = [rest], len(rest), False
                async for chunk in stream:
                    size = _checked(size + len(chunk), limit)
                    piece_size += len(chunk)
                    chunks.append(chunk)
                    if piece_size >= limits.PIECE and b"\n" in chunk:
                        more = True
                        break
                piece = b"".join(chunks)
                end = piece.rfind(b"\n") + 1 if more else len(piece)
                rest = piece[end:]
                yield piece[:end]


def _announced(request: Request, limit: int) -> int:
    """Return the bytes that a request announces, the most that it may have if it announces none."""
    text = request.headers.get("content-length", "")
    return _checked(int(text), limit) if text.isdecimal() and len(text) < 19 else limit


def _checked(size: int, limit: int) -> int:
    if size > limit:
        raise RequestError(413, f"The request is larger than {limit} bytes; send it in smaller parts")
    return size


async def arriving(request: Request) -> AsyncIterator[bytes]:
    """Yield the chunks of a body.

    Raises:
        RequestError: 408, nothing has come for BODY_TIMEOUT.
    """
    stream = request.stream().__aiter__()
    while True:
        try:
            yield await asyncio.wait_for(stream.__anext__(), limits.BODY_TIMEOUT)
        except StopAsyncIteration:
            return
        except asyncio.TimeoutError:
            text = f"Nothing of the request's body has come for {limits.BODY_TIMEOUT:g} s"
            raise RequestError(408, text) from None
