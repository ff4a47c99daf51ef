"""Runs Python in forks of an interpreter that has our packages loaded: a new one takes ten times as long to begin.

For tests of what a script or a command does; a test of what happens at interpreter start needs a new interpreter. Run
as a script, this file is the interpreter that is forked.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType
from typing import Any

COMMANDS = ("wandb_compat.cli.sync", "wandb_compat.cli.status", "wandb_compat.uploader.worker")
RUNS = ("wandb.sdk.wandb_init", "wandb_compat.run.ask_server", "wandb_compat.artifacts.log")
CLASSES = ("Artifact", "Image", "Settings", "Table")
# Variables that are read when an interpreter starts or when the packages are loaded.
AT_START = ("PYTHON", "LC_", "LANG", "TZ", "LD_", "DISABLE_", "WANDB_COMPAT=")
LENGTH = 4  # bytes of the length before a request

_servers: dict[tuple[str, ...], socket.socket | None] = {}


def run(
    command: list[Any],
    *,
    cwd: Path | str | None = None,
    env: dict[str, str] | None = None,
    input: str | None = None,
    timeout: float = 120,
    check: bool = False,
    fresh: bool = False,
    preload: tuple[str, ...] = (),
) -> subprocess.CompletedProcess[str]:
    """Run an interpreter that has our packages, as `subprocess.run` does with captured output and text.

    Args:
        command: the interpreter, then a script, `-c` and code, or `-m` and a module, then arguments.
        cwd: its working folder; that of the test by default.
        env: its variables; those of the test by default.
        input: what it reads from stdin; nothing by default.
        timeout: seconds after which it is killed.
        check: whether another exit code than 0 is an error.
        fresh: whether to start a new interpreter all the same.
        preload: further modules that are loaded before the fork.
    """
    words = list(map(str, command))
    variables = dict(os.environ) if env is None else env
    folder = str(cwd or Path.cwd())
    fresh |= words[1].startswith("-") and words[1] not in ("-c", "-m")
    if fresh or (server := _server(words[0], variables, preload)) is None:
        done = subprocess.run(
            words, cwd=folder, env=variables, input=input or "", capture_output=True, text=True, timeout=timeout
        )
    else:
        done = _fork(server, words, folder, variables, (input or "").encode(), timeout)
    if check:
        done.check_returncode()
    return done


def _fork(
    server: socket.socket, words: list[str], folder: str, variables: dict[str, str], given: bytes, timeout: float
) -> subprocess.CompletedProcess[str]:
    pipes = [os.pipe() for _ in range(4)]
    (theirs_in, stdin), (stdout, theirs_out), (stderr, theirs_err), (report, theirs_report) = pipes
    theirs = [theirs_in, theirs_out, theirs_err, theirs_report]
    request = json.dumps({"words": words[1:], "cwd": folder, "env": variables}).encode()
    try:
        socket.send_fds(server, [len(request).to_bytes(LENGTH, "big")], theirs)
        server.sendall(request)
    finally:
        for one in theirs:
            os.close(one)
    outputs = _communicate(stdin, given, [stdout, stderr, report], time.monotonic() + timeout)
    texts = [output.decode().replace("\r\n", "\n").replace("\r", "\n") for output in outputs[:2]]
    pid, _, status = outputs[2].decode().partition(" ")
    if not status:
        os.kill(int(pid), signal.SIGKILL)
        raise subprocess.TimeoutExpired(words, timeout, outputs[0], outputs[1])
    return subprocess.CompletedProcess(words, int(status), *texts)


def _server(executable: str, variables: dict[str, str], preload: tuple[str, ...]) -> socket.socket | None:
    """Return the connection to an interpreter with the same variables at its start, from the second request on."""
    at_start = sorted(f"{name}={value}" for name, value in variables.items() if f"{name}=".startswith(AT_START))
    key = (executable, *preload, *at_start)
    if sys.platform != "linux" or key not in _servers:
        _servers[key] = None
        return None
    if _servers[key] is None:
        ours, theirs = socket.socketpair()
        kept = {name: value for name, value in variables.items() if not name.startswith(("WANDB_", "PLUTO_"))}
        kept.update(PLUTO_DISABLE_TELEMETRY="1", WANDB_ERROR_REPORTING="false")  # else there were threads
        kept.update(part.split("=", 1) for part in at_start)
        command = [executable, __file__, str(theirs.fileno()), *preload]
        subprocess.Popen(
            command, env=kept, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
        )
        theirs.close()
        _servers[key] = ours
    return _servers[key]


def _communicate(stdin: int, given: bytes, sources: list[int], deadline: float) -> list[bytes]:
    """Write to stdin and read the sources to their ends, or to the deadline."""
    found = dict.fromkeys(sources, b"")
    with selectors.DefaultSelector() as selector:
        for source in sources:
            selector.register(source, selectors.EVENT_READ)
        selector.register(stdin, selectors.EVENT_WRITE)
        while selector.get_map() and (left := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                if key.fd != stdin:
                    piece = os.read(key.fd, 65536)
                    found[key.fd] += piece
                    over = not piece
                else:
                    try:
                        given = given[os.write(stdin, given[:4096]) :] if given else b""
                    except BrokenPipeError:
                        given = b""
                    over = not given
                if over:
                    selector.unregister(key.fd)
                    os.close(key.fd)
        for fd in list(selector.get_map()):
            os.close(fd)
    return [found[source] for source in sources]


def _load(preload: list[str]) -> None:
    """Load what commands need, and what runs need where `wandb` is ours; the real one makes folders when loaded."""
    for name in (*COMMANDS, *preload):
        importlib.import_module(name)
    if importlib.import_module("wandb_compat.import_hook.mode").decide().name == "pluto":
        wandb = importlib.import_module("wandb")
        for name in CLASSES:
            getattr(wandb, name)
        for name in RUNS:
            importlib.import_module(name)


def _serve(connection: socket.socket) -> list[str]:
    """Fork for each request; return in the fork, as the process that was asked for, with the command's words."""
    while True:
        head, fds, _, _ = socket.recv_fds(connection, LENGTH, 4)
        if not head:
            os._exit(0)  # the tests are over
        size, body = int.from_bytes(head, "big"), b""
        while len(body) < size:
            body += connection.recv(size - len(body))
        if os.fork() == 0:
            connection.close()
            return _become(json.loads(body), fds)
        for fd in fds:
            os.close(fd)
        while True:  # those that have ended
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except ChildProcessError:
                break


def _become(request: dict[str, Any], fds: list[int]) -> list[str]:
    """Start the process that was asked for and report how it ends; return in that process."""
    *standard, report = fds
    if pid := os.fork():
        for fd in standard:
            os.close(fd)
        with contextlib.suppress(BrokenPipeError):  # the test waits no more
            os.write(report, f"{pid} ".encode())
            os.write(report, str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
        os._exit(0)
    os.close(report)
    for target, fd in enumerate(standard):
        os.dup2(fd, target)
        os.close(fd)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    tempfile.tempdir = None  # found anew by these variables
    words: list[str] = request["words"]
    return words


def _execute(words: list[str]) -> None:
    """Do what the interpreter does with its arguments."""
    main = sys.modules["__main__"] = ModuleType("__main__")
    sys.orig_argv = [sys.executable, *words]
    kind, *rest = words
    if kind == "-m":
        sys.argv, sys.path[:0] = rest, [str(Path.cwd())]
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
        return
    if kind == "-c":
        code, name = rest[0], "<string>"
        sys.argv, sys.path[:0] = ["-c", *rest[1:]], [""]
    else:
        path = Path(kind).absolute()
        code, name = path.read_text(encoding="utf-8"), str(path)
        sys.argv, sys.path[:0] = words, [str(path.parent)]
        main.__file__ = name
    main.__builtins__ = __builtins__  # type: ignore[attr-defined]
    exec(compile(code, name, "exec", dont_inherit=True), main.__dict__)


if __name__ == "__main__":
    del sys.path[0]
    _load(sys.argv[2:])
    gc.collect()
    gc.freeze()
    _execute(_serve(socket.socket(fileno=int(sys.argv[1]))))
