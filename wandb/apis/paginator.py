"""Lists on the server that are read one page at a time, on demand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class Paginator(Generic[T]):
    """A list that is read when it is looked at; iterating again does not ask the server again.

    Subclasses return the next page from `_read` and set `_done` with the last one.
    """

    # How wandb's own lists ask; Pluto is not asked in GraphQL.
    QUERY: str | None = None
    last_response: Any = None

    def __init__(self, per_page: int = 50) -> None:
        self.per_page = per_page
        self.objects: list[T] = []  # what has been read
        self.index = -1
        self._done = False

    def _read(self) -> list[T]:
        """Ask the server for the next page."""
        raise NotImplementedError

    def _load_page(self) -> bool:
        """Read the next page, if there is one; return whether there was."""
        if self._done:
            return False
        self.objects += self._read()
        return True

    def _load_all(self) -> list[T]:
        while self._load_page():
            pass
        return self.objects

    @property
    def more(self) -> bool:
        """Whether there may be pages that have not been read."""
        return not self._done

    @property
    def cursor(self) -> str | None:
        """Where the next page begins, or None before the first."""
        return str(len(self.objects)) if self.objects else None

    def convert_objects(self) -> list[T]:
        """Return what has been read."""
        return self.objects

    def update_variables(self) -> None:
        """Do nothing: no query has variables."""

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        """Return one or several, reading no more pages than that takes; a negative index takes them all."""
        parts = (index.start, index.stop) if isinstance(index, slice) else (index,)
        backwards = isinstance(index, slice) and (index.stop is None or (index.step or 1) < 0)
        if backwards or any(part is not None and part < 0 for part in parts):
            self._load_all()
        else:
            needed = parts[-1] + (not isinstance(index, slice))
            while len(self.objects) < needed and self._load_page():
                pass
        return self.objects[index]

    def __iter__(self) -> Iterator[T]:
        self.index = -1
        at = 0
        while at < len(self.objects) or self._load_page():
            if at < len(self.objects):  # a page may be empty
                yield self.objects[at]
                at += 1

    def __next__(self) -> T:
        self.index += 1
        while len(self.objects) <= self.index:
            if not self._load_page():
                raise StopIteration
        return self.objects[self.index]

    next = __next__


class SizedPaginator(Paginator[T]):
    """A list whose length the server tells without listing everything."""

    @property
    def _length(self) -> int:
        return len(self._load_all())

    def __len__(self) -> int:
        return self._length


class WholeList(SizedPaginator[T]):
    """A list that one look brings in whole; `_all` reads it."""

    def _all(self) -> list[T]:
        raise NotImplementedError

    def _read(self) -> list[T]:
        self._done = True
        return self._all()
