"""Run the embedded server in the foreground, or as a child process for the duration of a `with` block."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from wandb_compat.config import local_server
from wandb_compat.server.limits import Limits
from wandb_compat.server.storage.database import DataFolderError, Store
from wandb_compat.system.background import detached

START_TIMEOUT = 20.0  # seconds until a child process must serve
SHUTDOWN_GRACE = 2  # seconds for requests in flight when the server stops
SHUTDOWN_LIMIT = 3.0  # seconds after which the server ends whatever it does; acknowledged data is on disk
STOP_TIMEOUT = 10.0  # seconds until a child process that does not stop is killed


class ServerError(Exception):
    """The server cannot start; the message gives the reason and what to do."""


class Server:
    """The server of one data folder.

    Args:
        data_dir: the data folder; created if missing.
        host: address to listen on; the default is reachable from this machine only.
        port: port to listen on; 0 selects a free one.
        limits: the configurable limits.

    Raises:
        ServerError: the folder or the port is in use, or the extra `local` is not installed.
    """

    def __init__(self, data_dir: Path, host: str = "127.0.0.1", port: int = 0, limits: Limits | None = None) -> None:
        _require_packages()
        self._limits = limits or Limits()
        try:
            self._store = Store(data_dir.absolute(), options=self._limits)
        except (DataFolderError, OSError) as error:
            raise ServerError(str(error)) from None
        self.key = self._store.key
        self.key_file = self._store.key_file
        try:
            self._socket = _listen(host, port)
        except OSError as error:
            self._store.close()
            raise ServerError(f"Cannot listen on {host} port {port}: {error.strerror}. Choose another port.") from None
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until SIGTERM or SIGINT, then finish requests in flight and close the data folder.

        Args:
            ready: called once the server answers.
        """
        import uvicorn

        from wandb_compat.server.app import build_app
        from wandb_compat.server.http_protocol import TimedProtocol

        folder, url = self._store.folder, self.url

        class Announced(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                local_server.announce(folder, url)
                ready()

            def handle_exit(self, sig: int, frame: FrameType | None) -> None:
                super().handle_exit(sig, frame)
                watchdog = threading.Timer(SHUTDOWN_LIMIT, os._exit, (1,))
                watchdog.daemon = True
                watchdog.start()

        config = uvicorn.Config(
            build_app(self._store, self._limits),
            http=TimedProtocol,
            log_level="warning",
            access_log=False,
            ws="none",
            lifespan="on",
            timeout_graceful_shutdown=SHUTDOWN_GRACE,
        )
        # uvicorn raises a caught signal again after its clean shutdown: ignore it.
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: None)
        try:
            Announced(config).run(sockets=[self._socket])
        finally:
            self._socket.close()
            self._store.close()


def environment(url: str, key: str) -> dict[str, str]:
    """Return the environment variables that make every Pluto client use a server on this machine."""
    addresses = {f"PLUTO_URL_{service}": url for service in ("APP", "API", "INGEST", "PY")}
    loopback = "127.0.0.1,localhost"
    return {**addresses, "PLUTO_API_KEY": key, "NO_PROXY": loopback, "no_proxy": loopback}


class Running:
    """A server in a child process.

    Attributes:
        data_dir: its data folder.
        url: its base URL, the same for all four services.
        key: its key.
        limits: its limits and behaviours.
    """

    def __init__(self, data_dir: Path, port: int = 0, limits: Limits | None = None) -> None:
        self.data_dir = data_dir.absolute()
        self.limits = limits or Limits()
        self._start(port)

    def environment(self) -> dict[str, str]:
        """Return the environment variables that make every Pluto client use this server."""
        return environment(self.url, self.key)

    def stop(self) -> None:
        """Stop the server cleanly; no-op if it has stopped."""
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill the server."""
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """Start again on the same port and data, stopping first if it runs."""
        self.stop()
        self._start(int(self.url.rpartition(":")[2]))

    def _start(self, port: int) -> None:
        arguments = ["--data", str(self.data_dir), "--port", str(port), "--with-parent"]
        for name, value in dataclasses.asdict(self.limits).items():
            arguments += [f"--{name.replace('_', '-')}", str(value)]
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = self.data_dir / "server.log"  # a file: an unread pipe would block the server
        with log.open("ab") as errors:
            before = errors.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "wandb_compat.server", *arguments],
                stdin=subprocess.PIPE,  # closes when this process ends in any way; the server then stops
                stdout=subprocess.PIPE,
                stderr=errors,
                **detached(),  # Ctrl-C in the terminal is meant for the program that uses the server
            )
        assert self._process.stdout is not None
        watchdog = threading.Timer(START_TIMEOUT, self._process.kill)
        watchdog.start()
        with self._process.stdout as stream:
            line = stream.readline()
        watchdog.cancel()
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
        if sys.platform != "win32":  # there the option lets two servers share a port
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
        data_dir: the data folder; created if missing.
        port: port to listen on; 0 selects a free one.
        limits: the configurable limits.

    Raises:
        ServerError: the server did not start; the message gives the reason.

    Example:
        with running(Path("data")) as server:
            subprocess.run([sys.executable, "train.py"], env={**os.environ, **server.environment()})
    """
    server = Running(data_dir, port, limits)
    try:
        yield server
    finally:
        server.stop()
