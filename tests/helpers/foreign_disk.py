"""A file system (FUSE) that passes everything on to a directory, and has the manners of other systems' disks.

    python -m tests.helpers.foreign_disk DIRECTORY MOUNT_POINT MANNER...

Needs libfuse 2 and the package fusepy, and a user who may mount. Manners:

    ignores-case  a name is found in either case
    windows-names names that Windows refuses are invalid
    shares-nothing  an open file can neither be deleted nor replaced
    no-links      symbolic and hard links are refused
    zero-links    every file has 0 links
    no-modes      chmod and chown are refused
    coarse-times  times are multiples of 2 s
    decomposes    names are kept in decomposed Unicode, and found in any
    full          nothing can be written while DIRECTORY.full exists
    quota         the same while DIRECTORY.quota exists, with another error
    failing       nothing can be read or written while DIRECTORY.failing exists
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import threading
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

from fuse import FUSE, FuseOSError, Operations

INVALID = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)
STATUS = ("st_atime", "st_ctime", "st_gid", "st_mode", "st_mtime", "st_nlink", "st_size", "st_uid")
SPACE = (
    "f_bavail",
    "f_bfree",
    "f_blocks",
    "f_bsize",
    "f_favail",
    "f_ffree",
    "f_files",
    "f_flag",
    "f_frsize",
    "f_namemax",
)


class ForeignDisk(Operations):  # type: ignore[misc] # fusepy has no types
    """Passes each call on to a directory, unless a manner forbids it."""

    use_ns = False

    def __init__(self, directory: Path, manners: set[str]) -> None:
        self._directory = directory
        self._manners = manners
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    def _place(self, path: str) -> str:
        """Return the path in the directory."""
        if not self._manners & {"ignores-case", "decomposes"}:
            return f"{self._directory}{path}"
        place = self._directory
        for given in filter(None, path.split("/")):
            name = unicodedata.normalize("NFD", given) if "decomposes" in self._manners else given
            there = place / name
            if "ignores-case" in self._manners and not os.path.lexists(there) and place.is_dir():
                there = next((entry for entry in place.iterdir() if entry.name.lower() == name.lower()), there)
            place = there
        return str(place)

    def _new(self, path: str) -> str:
        """Return the path of a file that is to be created."""
        if "windows-names" in self._manners and INVALID.search(path.rpartition("/")[2]):
            raise FuseOSError(errno.EINVAL)
        return self._place(path)

    def _refuse(self, manner: str, number: int = errno.EPERM) -> None:
        if manner in self._manners:
            raise FuseOSError(number)

    def _check_free(self, *paths: str) -> None:
        if "shares-nothing" in self._manners and any(self._open[self._place(path)] for path in paths):
            raise FuseOSError(errno.EACCES)

    def _check_room(self) -> None:
        for manner, number in (("full", errno.ENOSPC), ("quota", errno.EDQUOT)):
            if manner in self._manners and Path(f"{self._directory}.{manner}").exists():
                raise FuseOSError(number)
        self._check_health()

    def _check_health(self) -> None:
        if "failing" in self._manners and Path(f"{self._directory}.failing").exists():
            raise FuseOSError(errno.EIO)

    def access(self, path: str, mode: int) -> int:
        return 0

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        status = os.lstat(self._place(path))
        found = {name: getattr(status, name) for name in STATUS}
        if "zero-links" in self._manners and not stat.S_ISDIR(status.st_mode):
            found["st_nlink"] = 0
        if "coarse-times" in self._manners:
            found["st_mtime"] = int(status.st_mtime) // 2 * 2
        return found

    def chmod(self, path: str, mode: int) -> None:
        self._refuse("no-modes")
        os.chmod(self._place(path), mode)

    def chown(self, path: str, uid: int, gid: int) -> None:
        self._refuse("no-modes")

    def readdir(self, path: str, fh: int) -> list[str]:
        return [".", "..", *os.listdir(self._place(path))]

    def readlink(self, path: str) -> str:
        return os.readlink(self._place(path))

    def mkdir(self, path: str, mode: int) -> None:
        self._check_room()
        os.mkdir(self._new(path), mode)

    def rmdir(self, path: str) -> None:
        os.rmdir(self._place(path))

    def unlink(self, path: str) -> None:
        self._check_free(path)
        os.unlink(self._place(path))

    def symlink(self, target: str, source: str) -> None:
        self._refuse("no-links")
        os.symlink(source, self._new(target))

    def link(self, target: str, source: str) -> None:
        self._refuse("no-links")
        os.link(self._place(source), self._new(target))

    def rename(self, old: str, new: str) -> None:
        self._check_free(old, new)
        os.rename(self._place(old), self._new(new))

    def statfs(self, path: str) -> dict[str, Any]:
        found = os.statvfs(self._place(path))
        return {name: getattr(found, name) for name in SPACE}

    def create(self, path: str, mode: int, fi: Any = None) -> int:
        self._check_room()
        return self._opened(path, os.open(self._new(path), os.O_RDWR | os.O_CREAT, mode))

    def open(self, path: str, flags: int) -> int:
        return self._opened(path, os.open(self._place(path), flags & ~os.O_APPEND))  # the kernel gives the offset

    def _opened(self, path: str, descriptor: int) -> int:
        with self._lock:
            self._open[self._place(path)] += 1
        return descriptor

    def release(self, path: str, fh: int) -> None:
        with self._lock:
            self._open[self._place(path)] -= 1
        os.close(fh)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        self._check_health()
        return os.pread(fh, size, offset)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        self._check_room()
        return os.pwrite(fh, data, offset)

    def truncate(self, path: str, length: int, fh: int | None = None) -> None:
        os.truncate(self._place(path), length)

    def fsync(self, path: str, datasync: bool, fh: int) -> None:
        os.fsync(fh)

    def utimens(self, path: str, times: tuple[float, float] | None = None) -> None:
        os.utime(self._place(path), times)


if __name__ == "__main__":
    directory, mount_point, *manners = sys.argv[1:]
    FUSE(
        ForeignDisk(Path(directory), set(manners)),
        mount_point,
        foreground=True,
        hard_remove="zero-links" not in manners,
        attr_timeout=0,
        entry_timeout=0,
    )
