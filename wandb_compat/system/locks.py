"""Locks between processes that hold on every disk: `flock` where it works, a lease file where it does not.

NFS without a lock daemon, Lustre without `-o flock` and some FUSE disks refuse `flock`. There the owner creates the
file `NAME.lease` exclusively, which works on every disk and between machines, and renews its time until the release. A
lease counts as abandoned when its process has died, or, on another machine, when it was not renewed for `LEASE_TIME`.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from wandb_compat.system.file_access import open_binary
from wandb_compat.system.machine import machine_name, process_space

LEASE_TIME = 180.0  # seconds without a renewal after which another machine may take a lease: NFS caches times for 60
RENEWAL = 10.0  # seconds between two renewals
SETTLE = 0.05  # seconds after which a new lease is read again: another process may have taken an abandoned one too

# `flock` is not there for this disk; anything else is an error of the file.
_NO_LOCKS = {
    getattr(errno, name)
    for name in ("ENOSYS", "ENOLCK", "EOPNOTSUPP", "ENOTSUP", "EPROTONOSUPPORT")
    if hasattr(errno, name)
}


class Timeout(TimeoutError):
    """Another process holds the lock."""


class FileLock:
    """A lock between processes, and between instances of this class in one process; not reentrant.

    Args:
        path: the lock file; it is created, and stays after the release.
        timeout: seconds that `with` waits; -1 waits for ever.
    """

    def __init__(self, path: Path, timeout: float = -1) -> None:
        self.path = path
        self.timeout = timeout
        self._descriptor: int | None = None
        self._lease: _Lease | None = None
        self._owner = 0  # process that holds the lock

    def __del__(self) -> None:
        with contextlib.suppress(Exception):
            self.release()

    @property
    def is_locked(self) -> bool:
        """Whether this instance holds the lock."""
        return self._descriptor is not None or self._lease is not None

    def acquire(self, timeout: float | None = None, poll_interval: float = 0.05) -> AbstractContextManager[FileLock]:
        """Take the lock, at once and not only in a `with` block; return what releases it at the end of such a block.

        Args:
            timeout: seconds to wait; 0 tries once, -1 waits for ever; by default that of the instance.
            poll_interval: seconds between two attempts.

        Raises:
            Timeout: another process holds it.
            OSError: the file cannot be created.
        """
        seconds = self.timeout if timeout is None else timeout
        deadline = None if seconds < 0 else time.monotonic() + seconds
        while not self._try():
            if deadline is not None and time.monotonic() >= deadline:
                raise Timeout(f"another process holds the lock {self.path}")
            time.sleep(poll_interval)
        return self._held()

    def release(self) -> None:
        """Give the lock back; without effect when it is not held. A forked child cannot give back its parent's."""
        descriptor, self._descriptor = self._descriptor, None
        lease, self._lease = self._lease, None
        if descriptor is not None:
            if os.getpid() == self._owner:
                _unlock(descriptor)
            os.close(descriptor)
        if lease is not None and os.getpid() == self._owner:
            lease.release()

    @contextlib.contextmanager
    def _held(self) -> Iterator[FileLock]:
        try:
            yield self
        finally:
            self.release()

    def __enter__(self) -> FileLock:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _try(self) -> bool:
        if self.is_locked and os.getpid() == self._owner:
            return False  # by another thread
        self.release()  # what a fork has inherited
        self._owner = os.getpid()
        try:
            descriptor = _lock(self.path)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            lease = _Lease.take(_lease_of(self.path))
            self._lease = lease or self._lease
            return lease is not None
        if descriptor is not None:
            self._descriptor = descriptor
        return descriptor is not None


def is_taken(path: Path) -> bool:
    """Whether a process holds a lock, without keeping another one from taking it meanwhile."""
    try:
        descriptor = _lock(path)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        lease = _lease_of(path)
        owner = _read(lease)
        try:
            return owner is not None and not _is_abandoned(lease, owner)
        except OSError:
            return False
    if descriptor is None:
        return True
    _unlock(descriptor)
    os.close(descriptor)
    return False


def check_support(path: Path) -> None:
    """Take and release a lock on a new file, without a lease.

    Raises:
        OSError: the disk has no locks, or the file cannot be created.
    """
    descriptor = _lock(path)
    if descriptor is not None:
        _unlock(descriptor)
        os.close(descriptor)


def _lease_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.lease")


if sys.platform == "win32":
    import msvcrt

    def _lock(path: Path) -> int | None:
        descriptor = open_binary(path, os.O_RDWR | os.O_CREAT)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            os.close(descriptor)
            if error.errno in (errno.EACCES, errno.EDEADLK):
                return None
            raise
        return descriptor

    def _unlock(descriptor: int) -> None:
        with contextlib.suppress(OSError):
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    try:
        import fcntl
    except ImportError:  # as on WebAssembly
        fcntl = None  # type: ignore[assignment]

    def _lock(path: Path) -> int | None:
        """Return the descriptor of the locked file, or None while another one holds it."""
        descriptor = open_binary(path, os.O_RDWR | os.O_CREAT)
        try:
            if fcntl is None:
                raise OSError(errno.ENOSYS, "this system has no file locks")
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if error.errno in (errno.EACCES, errno.EAGAIN):
                return None
            raise
        return descriptor

    def _unlock(descriptor: int) -> None:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # a child may have the descriptor too, so closing is not enough


class _Lease:
    """A file that its owner created exclusively, and renews."""

    def __init__(self, path: Path, token: str) -> None:
        self._path = path
        self._token = token
        self._ended = threading.Event()
        threading.Thread(target=self._renew, name="wandb-compat-lease", daemon=True).start()

    @classmethod
    def take(cls, path: Path) -> _Lease | None:
        """Return a new lease, or None while another process has one."""
        token = os.urandom(8).hex()
        owner: dict[str, object] = {
            "token": token,
            "host": machine_name(),
            "space": process_space(),
            "pid": os.getpid(),
        }
        owner["since"] = time.time()
        try:
            _create(path, json.dumps(owner))
        except FileExistsError:
            if not _remove_abandoned(path):
                return None
            with contextlib.suppress(FileExistsError):
                _create(path, json.dumps(owner))
        # Two processes may have seen the same abandoned lease, and one may have removed the new one of the other.
        time.sleep(SETTLE)
        found = _read(path)
        return cls(path, token) if found is not None and found.get("token") == token else None

    def release(self) -> None:
        """Delete the file, unless it is another process's by now."""
        self._ended.set()
        if (_read(self._path) or {}).get("token") == self._token:
            with contextlib.suppress(OSError):
                self._path.unlink()

    def _renew(self) -> None:
        while not self._ended.wait(RENEWAL):
            with contextlib.suppress(OSError):
                os.utime(self._path)


def _create(path: Path, text: str) -> None:
    descriptor = open_binary(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _read(path: Path) -> dict[str, object] | None:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _is_abandoned(path: Path, owner: dict[str, object]) -> bool:
    """Whether the owner of a lease has died.

    Raises:
        OSError: the lease is gone, or the disk is read-only.
    """
    if owner.get("host") == machine_name() and owner.get("space") == process_space():
        return not _runs(owner)
    return _age(path, _beside(path)) >= LEASE_TIME


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.{os.urandom(4).hex()}")


def _remove_abandoned(path: Path) -> bool:
    """Remove the lease of a process that has died; return whether it was removed."""
    found = _read(path) or {}
    aside = _beside(path)
    try:
        if not _is_abandoned(path, found):
            return False
        path.rename(aside)  # only one process can
    except OSError:
        return False
    if (_read(aside) or {}) != found:  # another process was faster, and this is its new lease
        with contextlib.suppress(OSError):
            aside.rename(path)
        return False
    with contextlib.suppress(OSError):
        aside.unlink()
    return True


def _age(path: Path, probe: Path) -> float:
    """Return the seconds since a file was renewed by the clock of its disk, which another machine may keep."""
    probe.touch()
    try:
        return probe.stat().st_mtime - path.stat().st_mtime
    finally:
        probe.unlink()


def _runs(owner: dict[str, object]) -> bool:
    import psutil  # only on disks without locks

    pid, since = owner.get("pid"), owner.get("since")
    if not isinstance(pid, int) or not isinstance(since, float):
        return False
    try:
        process = psutil.Process(pid)
        return bool(process.create_time() <= since + 1 and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True
