"""A lock keeps processes apart on every disk: by `flock`, and by a lease file where the disk refuses `flock`."""

import errno
import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from wandb_compat.system import locks
from wandb_compat.system.locks import LEASE_TIME, FileLock, Timeout, is_taken

LACKING = ["ENOSYS", "ENOLCK", "EOPNOTSUPP"]  # Lustre without `-o flock`, NFS without a lock daemon, some FUSE disks


@pytest.fixture(params=["flock", *LACKING])
def file(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The path of a lock, on a disk with `flock` and on disks that refuse it."""
    if request.param != "flock":
        refuse_flock(monkeypatch, getattr(errno, request.param))
    monkeypatch.setattr(locks, "SETTLE", 0.0)
    return tmp_path / "some.lock"


@pytest.fixture
def lease(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The path of a lease, on a disk that refuses `flock`."""
    refuse_flock(monkeypatch, errno.ENOLCK)
    monkeypatch.setattr(locks, "SETTLE", 0.0)
    return tmp_path / "some.lock.lease"


def refuse_flock(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Make `flock` fail as such a disk does: it cannot be had here without FUSE (see tests/process/disks)."""

    def flock(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", flock)


def test_one_holder_at_a_time(file: Path) -> None:
    """No other process gets the lock before its release; after it, any can."""
    with FileLock(file):
        assert is_taken(file)
        with pytest.raises(Timeout):
            FileLock(file).acquire(timeout=0)
        with pytest.raises(Timeout):
            FileLock(file).acquire(timeout=0.02, poll_interval=0.01)
    assert not is_taken(file)
    with FileLock(file).acquire(timeout=0):
        pass
    FileLock(file).acquire(timeout=0)


def test_a_forked_child_does_not_release(file: Path) -> None:
    """The lock of the parent holds when a child that inherited it ends."""
    with FileLock(file) as lock:
        child = os.fork()
        if not child:
            with suppress(Timeout):
                lock.acquire(timeout=0)  # the child's own attempt, which must fail
                os._exit(1)
            lock.release()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        with pytest.raises(Timeout):
            FileLock(file).acquire(timeout=0)


def test_an_instance_keeps_threads_apart(file: Path) -> None:
    """Two threads that share an instance never hold it together."""
    lock = FileLock(file)
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(3):
            with lock.acquire(poll_interval=0.001):
                inside += 1
                most = max(most, inside)
                time.sleep(0.001)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_lock_file_that_is_there_is_not_a_lock(file: Path) -> None:
    """The trainer creates the uploader's lock file in advance."""
    file.touch()
    FileLock(file).acquire(timeout=0)


def test_other_errors_are_raised(tmp_path: Path) -> None:
    """A missing directory is an error, not a lock that another process holds."""
    with pytest.raises(FileNotFoundError):
        FileLock(tmp_path / "missing" / "some.lock").acquire(timeout=0)


def test_lease_of_a_dead_process_is_taken(lease: Path) -> None:
    """A killed process of this machine blocks no other."""
    script = (
        "import errno, fcntl, os, sys, pathlib\n"
        "def flock(*args): raise OSError(errno.ENOLCK, 'no locks')\n"
        "fcntl.flock = flock\n"
        "from wandb_compat.system.locks import FileLock\n"
        "lock = FileLock(pathlib.Path(sys.argv[1])); lock.acquire(timeout=0)\n"
        "print('taken', flush=True); sys.stdin.read()\n"
    )
    lock = lease.with_suffix("")
    command = [sys.executable, "-c", script, str(lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        with pytest.raises(Timeout):
            FileLock(lock).acquire(timeout=0)
        process.kill()
    with FileLock(lock).acquire(timeout=0):
        assert json.loads(lease.read_bytes())["pid"] == os.getpid()


@pytest.mark.parametrize(("age", "free"), [(LEASE_TIME / 2, False), (LEASE_TIME * 2, True)])
def test_lease_of_another_machine(lease: Path, age: float, free: bool) -> None:
    """It holds as long as it is renewed: whether its process lives cannot be seen from here."""
    lease.write_text(json.dumps({"token": "other", "host": "another-machine", "pid": 1, "since": 0.0}))
    os.utime(lease, (time.time() - age, time.time() - age))
    if free:
        with FileLock(lease.with_suffix("")).acquire(timeout=0):
            assert json.loads(lease.read_bytes())["host"] == socket.gethostname()
    else:
        with pytest.raises(Timeout):
            FileLock(lease.with_suffix("")).acquire(timeout=0)
        assert [file.name for file in lease.parent.iterdir()] in (["some.lock", lease.name], [lease.name, "some.lock"])


def test_lease_is_renewed(lease: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The owner's thread sets the file's time until the release, which deletes it."""
    monkeypatch.setattr(locks, "RENEWAL", 0.001)
    lock = FileLock(lease.with_suffix(""))
    lock.acquire()
    os.utime(lease, (0, 0))
    while lease.stat().st_mtime == 0:
        time.sleep(0.001)
    lock.release()
    assert not lease.exists()


def test_a_lost_lease_is_left_to_its_new_owner(lease: Path) -> None:
    """After a pause longer than the lease another machine may have it: the release does not delete that one."""
    lock = FileLock(lease.with_suffix(""))
    lock.acquire()
    lease.write_text(json.dumps({"token": "other"}))
    lock.release()
    assert json.loads(lease.read_bytes()) == {"token": "other"}
