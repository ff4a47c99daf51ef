"""A point in another run, as `fork_from` and `resume_from` name it."""

from __future__ import annotations

import re
from typing import NamedTuple

_FORM = re.compile(r"(?P<run>[^?/:]+)\?_step=(?P<value>\d+)")


class RunMoment(NamedTuple):
    """Step `value` of the run with id `run`."""

    run: str
    value: int
    metric: str = "_step"

    @classmethod
    def from_uri(cls, uri: str) -> RunMoment:
        """Read `ID?_step=N`.

        Raises:
            ValueError: the text has another form.
        """
        if not (match := _FORM.fullmatch(uri)):
            raise ValueError(
                f"Could not parse the run moment {uri!r}; write it as 'ID?_step=N', e.g. 'ans3bsax?_step=123'"
            )
        return cls(match["run"], int(match["value"]))
