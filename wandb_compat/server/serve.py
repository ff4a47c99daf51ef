"""Running the embedded server: in the foreground, or as a child process that lives as long as a `with` block."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from wandb_compat.server import discovery
from wandb_compat.server.limits import Limits
from wandb_compat.server.storage.database import DataFolderError, Store

START_TIMEOUT = 20.0  # seconds that a child process may take until it serves
GRACE = 5  # seconds that requests under way may take when the server stops
STOP_TIMEOUT = 10.0  # seconds after which a child process that does not stop is killed


class ServerError(Exception):
    """The server cannot start; the text says why and what to do."""


class Server:
    """The server of one data folder.

    Args:
        data_dir: the data folder; made when it is not there.
        host: address to listen on; the default is reachable from this machine only.
        port: port to listen on; 0 takes a free one.
        limits: the bounds that may be changed.

    Raises:
        ServerError: the folder or the port is taken, or the extra `local` is not installed.
    """

    def __init__(self, data_dir: Path, host: str = "127.0.0.1", port: int = 0, limits: Limits | None = None) -> None:
        _require_packages()
        self._limits = limits or Limits()
        try:
            self._store = Store(data_dir.absolute())
        except (DataFolderError, OSError) as error:
            raise ServerError(str(error)) from None
        self.key = self._store.key
        self.key_file = self._store.key_file
        try:
            self._socket = _listen(host, port)
        except OSError as error:
            self._store.close()
            raise ServerError(f"Cannot listen on {host} port {port}: {error.strerror}. Name another port.") from None
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until SIGTERM or SIGINT, then answer what is under way and close the data folder.

        Args:
            ready: called once the server answers.
        """
        import uvicorn

        from wandb_compat.server.app import build

        folder, url = self._store.folder, self.url

        class Announced(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                discovery.note(folder, url)
                ready()

        config = uvicorn.Config(
            build(self._store, self._limits),
            log_level="warning",
            access_log=False,
            ws="none",
            lifespan="on",
            timeout_graceful_shutdown=GRACE,
        )
        # uvicorn raises a signal again after its clean shutdown; by then it is old news.
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: None)
        try:
            Announced(config).run(sockets=[self._socket])
        finally:
            self._socket.close()
            self._store.close()


def environment(url: str, key: str) -> dict[str, str]:
    """Return the environment variables with which every Pluto client uses a server on this machine."""
    addresses = {f"PLUTO_URL_{service}": url for service in ("APP", "API", "INGEST", "PY")}
    loopback = "127.0.0.1,localhost"
    return {**addresses, "PLUTO_API_KEY": key, "NO_PROXY": loopback, "no_proxy": loopback}


class Running:
    """A server in a child process.

    Attributes:
        data_dir: its data folder.
        url: its base URL, the same for all four services.
        key: its key.
    """

    def __init__(self, data_dir: Path, port: int = 0, limits: Limits | None = None) -> None:
        self.data_dir = data_dir.absolute()
        self._limits = limits or Limits()
        self._start(port)

    def environment(self) -> dict[str, str]:
        """Return the environment variables with which every Pluto client uses this server."""
        return environment(self.url, self.key)

    def stop(self) -> None:
        """End the server in good order; no-op when it has ended."""
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the server as a crash would."""
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """Start again on the same port and data, after stopping if need be."""
        self.stop()
        self._start(int(self.url.rpartition(":")[2]))

    def _start(self, port: int) -> None:
        arguments = ["--data", str(self.data_dir), "--port", str(port), "--with-parent"]
        for name, value in dataclasses.asdict(self._limits).items():
            arguments += [f"--{name.replace('_', '-')}", str(value)]
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = self.data_dir / "server.log"  # a file: a pipe that nobody reads would block the server
        with log.open("ab") as errors:
            before = errors.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "wandb_compat.server", *arguments],
                stdin=subprocess.PIPE,  # closes when this process dies, however it dies, and the server follows
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # a Ctrl-C in the terminal is for the program that uses the server
            )
        assert self._process.stdout is not None
        impatience = threading.Timer(START_TIMEOUT, self._process.kill)
        impatience.start()
        with self._process.stdout as stream:
            line = stream.readline()
        impatience.cancel()
        if not line:
            self._process.wait()
            raise ServerError(f"The server did not start: {log.read_bytes()[before:].decode(errors='replace').strip()}")
        ready = json.loads(line)
        self.url: str = ready["url"]
        self.key = Path(ready["key_file"]).read_text(encoding="ascii").strip()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only for sockets that name TCP; with it every answer takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # there the option would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except BaseException:
        listener.close()
        raise
    return listener


def _require_packages() -> None:
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise ServerError(
            f'The embedded server needs the package {error.name}. Install it with: pip install "wandb-compat[local]"'
        ) from None


@contextlib.contextmanager
def running(data_dir: Path, port: int = 0, limits: Limits | None = None) -> Iterator[Running]:
    """Serve a data folder from a child process while the block runs.

    Args:
        data_dir: the data folder; made when it is not there.
        port: port to listen on; 0 takes a free one.
        limits: the bounds that may be changed.

    Raises:
        ServerError: the server did not start; the text says why.

    Example:
        with running(Path("data")) as server:
            subprocess.run([sys.executable, "train.py"], env={**os.environ, **server.environment()})
    """
    server = Running(data_dir, port, limits)
    try:
        yield server
    finally:
        server.stop()
