"""The console lines of a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from wandb.apis.paginator import Paginator
from wandb.apis.public.history import timestamp

if TYPE_CHECKING:
    from wandb.apis.public.runs import Run

LEVELS = {"ERROR": "error", "WARNING": "warn"}


@dataclass(frozen=True)
class ConsoleLogLine:
    """A line: its number from 0, when it was printed (UTC), `info` (stdout) or `error` (stderr), and its text."""

    number: int
    timestamp: datetime | None
    level: str
    label: str
    content: str


class ConsoleLogs(Paginator[ConsoleLogLine]):
    """The lines that a run printed, in the order in which the server keeps them; see `Run.console_logs`."""

    def __init__(self, service_api: Any, run: Run, per_page: int = 1000, last: int | None = None) -> None:
        super().__init__(per_page)
        self._reader, self.run, self._last = service_api, run, last

    def _read(self) -> list[ConsoleLogLine]:
        if not self.objects:
            self.run._await_stored_rows()
        offset, count = len(self.objects), self.per_page
        if self._last is not None and not offset:
            _, total = self._reader.lines(self.run.project, self.run.number, 1, 0)
            offset, count = max(total - self._last, 0), self._last
        lines, total = self._reader.lines(self.run.project, self.run.number, count, offset)
        self._done = self._last is not None or not lines or offset + len(lines) >= total
        return [_line(offset + index, line) for index, line in enumerate(lines)]

    def __repr__(self) -> str:
        return f"<ConsoleLogs {'/'.join(self.run.path)}>"


def _line(number: int, line: dict[str, Any]) -> ConsoleLogLine:
    moment = datetime.fromtimestamp(timestamp(line["time"]), timezone.utc)
    return ConsoleLogLine(number, moment, LEVELS.get(line["logType"], "info"), "", line["message"])
