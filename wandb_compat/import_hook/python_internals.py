"""All private parts of Python's import system that we use, each with a safe answer for a Python without it.

They are needed for two things. One is to see that two threads wait for each other in imports: without them a wait for
another thread ends after `lazy_module.WAIT_WITHOUT_INTERNALS` seconds. The other is the text of the error when a script
imports a module that is not here. `docs/new-python-versions.md` says what to check.
"""

import _frozen_importlib
import sys
from _thread import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TESTED = ((3, 10), (3, 11), (3, 12), (3, 13))  # versions of Python that have the names below
NAMES = ("_module_locks", "_blocking_on")

_import_system: "Any" = _frozen_importlib


def missing() -> "list[str]":
    """Return the names below that this Python does not have."""
    return [name for name in NAMES if not hasattr(_import_system, name)]


def module_locks_held(package: str) -> "list[Any]":
    """Return this thread's locks of modules in a package, once for each time that they are acquired.

    Uses `_module_locks`, a dict of weak references to locks by module name, and the `owner` of a lock.
    Without them: an empty list.
    """
    held = []
    for name, reference in list(getattr(_import_system, "_module_locks", {}).items()):
        if name.startswith(f"{package}."):
            lock = reference()
            held += [lock] * (_owner(lock) == get_ident())
    return held


def import_lock_owners(thread: int) -> "list[int]":
    """Return the threads that own the import locks for which a thread waits.

    Uses `_blocking_on`, a dict by thread: of a lock up to Python 3.11, of a list of locks from 3.12 on. Python's own
    deadlock detection reads it. Without it: an empty list.
    """
    locks = getattr(_import_system, "_blocking_on", {}).get(thread) or []
    owners = [_owner(lock) for lock in (list(locks) if isinstance(locks, list) else [locks])]
    return [owner for owner in owners if owner]


def callers_in_importlib() -> "list[str]":
    """Return the functions of importlib that have called the caller's caller, the innermost first.

    Uses the file name of frozen modules and the names `_find_and_load_unlocked` of an import and `_handle_fromlist` of
    `from … import`. Without them: an empty list, or names that mean nothing.
    """
    frame = sys._getframe(2)
    names = []
    while frame is not None and frame.f_code.co_filename == "<frozen importlib._bootstrap>":
        names.append(frame.f_code.co_name)
        frame = frame.f_back  # type: ignore[assignment] # None behind the last one
    return names


def _owner(lock: "Any") -> "int | None":
    owner: int | None = getattr(lock, "owner", None)
    return owner
