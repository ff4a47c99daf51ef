"""What tells of a restart of an ingest service, and so of texts, histograms and tables, which cannot be read back.

They share the fate of rows of the same seconds. Where several services are behind one address, rows tell only that one
of them was restarted; then whatever was acknowledged in the same seconds may be lost, also when the connection that
carried it has ended, since nothing tells what became of the service behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from time import time

from wandb_compat.spool.delivery_log import Offsets, Stretch
from wandb_compat.spool.layout import run_dirs_beside
from wandb_compat.spool.server_binding import ServerBinding
from wandb_compat.spool.status import State
from wandb_compat.wire.client import Client

STORE_TIME = 6.5  # seconds after which an acknowledged record can be read back; measured: 2.6 to 5.4
MARGIN = 1.0  # seconds around a hole in the rows in which other values count as lost too
MEMORY = 600.0  # seconds for which stored rows are remembered
UPLOADER = "uploader"  # in place of a lane: the end of the connections of all
SIBLINGS = 20  # latest run directories beside a run's that are asked whether their server has several services


class Restarts:
    """What is known of restarts while one run was delivered."""

    def __init__(self, offsets: Offsets) -> None:
        self.watched: dict[str, Client] = {}  # by lane: clients whose connections are watched
        self.stored_rows: list[int] = []  # ms, times of acknowledgements of rows that were seen to be stored
        self._offsets = offsets
        # When a connection ended: the other clients, their connections and answers until then.
        self._others: list[tuple[Client, int, int]] = []
        # The connections of an uploader that has died are gone.
        if left := [one.last / 1000 for one in offsets.unstored() if one.lane == "data"]:
            offsets.mark_break(UPLOADER, max(left), silent=False)

    @property
    def several(self) -> bool:
        """Whether there are several services behind the address, as far as is known."""
        return self._offsets.several

    def note_connections(self, lane: str, client: Client) -> None:
        """Note that connections of a lane in use were closed: the service behind them may have been restarted."""
        for other, opened, answered in self._others:
            if other.connections == opened and other.ingests > answered:  # its service has not been restarted
                self._offsets.mark_several()
        self._others = [one for one in self._others if one[0].ingests == one[2]]
        if client.reconnected:
            others = [other for other in self.watched.values() if other is not client]
            self._others += [(other, other.connections, other.ingests) for other in others]
        while client.reconnected:
            since, at = client.reconnected.pop()
            self._offsets.mark_break(lane, at, silent=True, since=since)

    def note_rows(self, stretches: list[Stretch], missing: set[Stretch], is_lost: Callable[[Stretch], bool]) -> None:
        """Note which stretches of rows are stored, and the times of acknowledgements around the lost ones.

        Args:
            stretches: what was looked for.
            missing: those that are not stored.
            is_lost: whether one of them never will be; asked once the stored ones are noted.
        """
        forgotten = (time() - MEMORY) * 1000
        self.stored_rows = [at for at in self.stored_rows if at > forgotten]
        self.stored_rows += [stretch.last for stretch in stretches if stretch not in missing]
        lost = {stretch for stretch in missing if is_lost(stretch)}
        ordered = sorted(stretches, key=lambda stretch: stretch.first)
        reach = STORE_TIME * 1000
        for index, stretch in enumerate(ordered):
            if stretch not in lost:
                continue
            near = [one for one in ordered if abs(one.first - stretch.first) <= reach]
            fates = "".join("l" if one in lost else "s" for one in near)
            if re.search("ls+l", fates):  # there are several processes, and it is not known which took what
                self._offsets.mark_several()
            if self.several:
                self.note_loss(stretch)
                continue
            # Up to the stored ones on both sides.
            earlier = [one.last for one in ordered[:index] if one not in lost]
            earlier += [at for at in self.stored_rows if at <= stretch.first]
            later = [one.first for one in ordered[index + 1 :] if one not in lost]
            low = max([*earlier, stretch.first - reach])
            high = min([*later, stretch.last + reach])
            self._offsets.mark_hole(low - MARGIN * 1000, high + MARGIN * 1000)

    def note_loss(self, stretch: Stretch) -> None:
        """Note that a stretch was lost; of several services any other value of the same seconds may be, too."""
        if self.several:
            reach = (STORE_TIME + MARGIN) * 1000
            self._offsets.mark_hole(stretch.first - reach, stretch.last + reach)

    def may_have_lost(self, stretch: Stretch) -> bool:
        """Whether what cannot be read back may have been lost, by all that is known by now."""
        near = any(stretch.last <= at <= stretch.last + 2000 for at in self.stored_rows)
        breaks = self._offsets.breaks
        rows = [one.at for one in breaks if one.lane == "metrics"]
        data = [one for one in breaks if one.lane == "data"]
        # When only the connection of these values ended, it led to another service than that of the rows.
        if any(one.silent and not any(abs(one.at - at) < STORE_TIME for at in rows) for one in data):
            self._offsets.mark_several()
        if self.several:
            ends = [one for one in breaks if one.lane in ("data", UPLOADER)]
        else:
            # An answer that was lost tells nothing of how many services there are: twice is better than never.
            ends = [one for one in data if not one.silent]
            ends += [] if near else [one for one in breaks if one.lane != UPLOADER and one not in ends]
        # A service that was restarted after its last answer has forgotten what came before that.
        ended = [(((one.since or one.at) - STORE_TIME) * 1000, one.at * 1000) for one in ends]
        return any(low <= stretch.last and stretch.first <= high for low, high in (*self._offsets.holes, *ended))

    def is_decided(self, stretch: Stretch) -> bool:
        """Whether nothing that may still be found can tell of a loss of what cannot be read back."""
        reach = STORE_TIME if self.several else MARGIN
        lanes = ("metrics", "console") if self.several else ("metrics",)
        waiting = [one.first for one in self._offsets.unstored() if one.lane in lanes]
        if any(at <= stretch.last + reach * 1000 for at in waiting):
            return False
        stored_after = not self.several and any(at >= stretch.last for at in self.stored_rows)
        return stored_after or stretch.last <= (time() - STORE_TIME) * 1000


def has_several(run_dir: Path) -> bool:
    """Whether another run in the folder has seen that there are several services behind the address of this one."""
    binding = ServerBinding.read(run_dir)
    beside = sorted(run_dirs_beside(run_dir), reverse=True)[:SIBLINGS]
    states = ((other, State.read(other)) for other in beside)
    return any(state is not None and state.several and ServerBinding.read(other) == binding for other, state in states)
