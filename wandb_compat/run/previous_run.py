"""What is known of a run that went before: from the journals in this folder, and from the server.

A run that is resumed or forked goes on from it. The server is only asked by `init` where the answer is the meaning of
what the script asks for, and never for longer than RESUME_TIMEOUT.
"""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from wandb_compat.config.limits import NAME_LIMIT, RESUME_TIMEOUT
from wandb_compat.run.identity import RUN_ID, TARGET
from wandb_compat.spool import journal, records, threads
from wandb_compat.spool.config_merge import merge
from wandb_compat.wire.errors import Unanswered

if TYPE_CHECKING:
    from wandb_compat.config.settings import Settings
    from wandb_compat.wire.client import Client

OURS = "wandb"  # the key of a run's configuration on the server that holds what is no configuration
_TAIL = 4 * 1024**2  # bytes at the end of each file in which the last step is looked for
_SERIES = 100  # metrics whose statistics a server gives in one answer
_SAMPLES = "sys"  # the group of the machine's samples, which have steps of their own
_STEP = re.compile(rb'\x1e[0-9a-f]{8} (?:row|data) [^\x1e\n]*?"step":(\d+)')
_SAID = re.compile(rb"\x1e[0-9a-f]{8} (?:start|config|tags) [^\x1e\n]*\n")


@dataclass(slots=True)
class Earlier:
    """An earlier run, or the earlier part of this one; `last_step` is -1 when it has no rows, `runtime` in seconds."""

    last_step: int = -1
    runtime: float = 0.0
    name: str | None = None
    config: dict[str, Any] = field(default_factory=dict)  # as the server has it, with OURS
    tags: list[str] = field(default_factory=list)

    @property
    def about(self) -> dict[str, Any]:
        """What the configuration on the server says besides the configuration: summary, notes, metrics…"""
        about = self.config.get(OURS)
        return about if isinstance(about, dict) else {}

    @property
    def values(self) -> dict[str, Any]:
        """The script's own configuration."""
        return {key: value for key, value in self.config.items() if key != OURS}

    @property
    def summary(self) -> dict[str, Any]:
        """The last summary that was published, without `_step` and the like."""
        return {key: value for key, value in self._summary().items() if not key.startswith("_")}

    def _summary(self) -> dict[str, Any]:
        summary = self.about.get("summary")
        return summary if isinstance(summary, dict) else {}

    def settle(self) -> Earlier:
        """Take in what the summary tells of steps and time."""
        step, runtime = self._summary().get("_step"), self._summary().get("_runtime")
        if isinstance(step, int):
            self.last_step = max(self.last_step, step)
        if isinstance(runtime, (int, float)):
            self.runtime = float(runtime)
        return self


def together(known: Iterable[Earlier | None]) -> Earlier | None:
    """Return what several sources know, a later one's word before an earlier one's; None when none knows anything."""
    whole: Earlier | None = None
    for one in known:
        if one is None:
            continue
        if whole is None:
            whole = Earlier()
        whole.last_step = max(whole.last_step, one.last_step)
        whole.runtime = max(whole.runtime, one.runtime)
        whole.name = one.name or whole.name
        merge(whole.config, one.config)
        whole.tags = list(dict.fromkeys((*whole.tags, *one.tags)))
    return whole


def here(folder: Path, run_id: str, project: str) -> Earlier | None:
    """Return what the run folders in a folder `wandb` know of a run, sent or not, the oldest first."""
    heads = folder.glob(f"*run-*/{glob.escape(f'run-{run_id}.wandb')}")
    homes = [head.parent for head in heads if not head.parent.is_symlink()]
    return together(at(home, project) for home in sorted(homes, key=lambda home: home.name.partition("run-")[2]))


def at(home: Path, project: str | None = None) -> Earlier | None:
    """Return what one run folder knows, or None when it holds no run (of that project)."""
    known, tags, found = Earlier(), dict[str, None](), False
    for file in journal.files(home):
        if not file.name.startswith(("run-", "rows-")):
            continue
        try:
            content = file.read_bytes()
        except OSError:  # delivered and deleted meanwhile
            continue
        for entry in (entry for match in _SAID.finditer(content) for entry in journal.scan(match[0])):
            kind, document = records.decode(entry.line)
            if kind == "start":
                if project is not None and document["project"] != project:
                    return None
                found, known.name = True, document["name"]
                merge(known.config, document["config"])
                tags = dict.fromkeys(document["tags"])
            elif kind == "config":
                merge(known.config, document["values"])
            else:
                tags = dict.fromkeys(document["tags"])
        known.last_step = max(known.last_step, *map(int, _STEP.findall(content[-_TAIL:])), -1)
    known.tags = list(tags)
    return known.settle() if found else None


def on_server(client: Client, project: str, run_id: str, target: str | None = None, *, take: bool) -> Earlier | None:
    """Return what the server knows of a run, or None when it has no such run in the project.

    Args:
        client: asks.
        project: as the server names it.
        run_id: wandb's id.
        target: PLUTO_RUN_ID, which wins.
        take: the run is to go on. A server cannot be asked for the runs of other clients by such an id, only told to
            take one up, and is.

    Raises:
        WireError: the server gives no answer.
    """
    number = _number(client, project, run_id, target, take)
    return None if number is None else of_number(client, project, number)


def number_of(client: Client, project: str, run_id: str) -> int | None:
    """Return the server's number of the run with wandb's id, or None.

    Raises:
        WireError: the server gives no answer.
    """
    return _found(client, project, RUN_ID, run_id)


def of_number(client: Client, project: str, number: int) -> Earlier:
    """Return what the server knows of a run by its number.

    Raises:
        WireError: the server gives no answer.
    """
    details = client.details(number, project)
    config = details.get("config")
    known = Earlier(name=details.get("name"), config=config if isinstance(config, dict) else {})
    known.tags = [str(tag) for tag in details.get("tags") or []]
    names = [one for one in details.get("logNames") or [] if one.get("logType") == "METRIC"]
    groups = {one.get("logGroup") or "" for one in names if not _sampled(one.get("logGroup"))}
    # One question for all where the answer has room for all, else one a group.
    queries = [{}] if len(names) <= _SERIES else [{"logGroup": group} for group in sorted(groups)]
    for query in queries:
        for metric in client.statistics(number, project, **query):
            if not _sampled(metric.get("logGroup")) and (last := metric.get("last")):
                known.last_step = max(known.last_step, int(last["step"]))
    return known.settle()


def _number(client: Client, project: str, run_id: str, target: str | None, take: bool) -> int | None:
    from wandb_compat.wire import models
    from wandb_compat.wire.errors import Refused

    body = models.resume_body(target) if target else None
    try:
        if body is not None:
            known = client.details(body["runId"]) if "runId" in body else client.details(body["displayId"], project)
            return int(known["id"])
        found = _found(client, project, TARGET if target else RUN_ID, target or run_id)
        if found is None and take:
            body = {"externalId": (target or run_id)[:NAME_LIMIT], "projectName": project}
            found = client.resume(body).run
        return found
    except Refused as error:
        if error.status == 404:
            return None
        raise


def _found(client: Client, project: str, mark: str, value: str) -> int | None:
    # The server compares `1` and `1.0` as numbers: the details have the last word.
    for number in client.runs(project, {f"systemMetadata.{mark}": value})[:8]:
        if (client.details(number, project).get("systemMetadata") or {}).get(mark) == value:
            return number
    return None


def _sampled(group: Any) -> bool:
    return isinstance(group, str) and group.split("/")[0] == _SAMPLES


def ask(own: Settings, key: str, question: Any) -> Any:
    """Return what `question`, called with a client, returns; ask for RESUME_TIMEOUT seconds at most.

    Raises:
        Unanswered: the server cannot be reached, refuses the key, or takes too long.
    """
    from wandb_compat.wire.client import Client
    from wandb_compat.wire.endpoints import resolve
    from wandb_compat.wire.errors import EndpointError, WireError

    answers: list[Any] = []
    errors: list[Exception] = []

    def run() -> None:
        answers.append(question(Client(resolve(own.urls), key)))

    began = monotonic()
    if (asking := threads.start("question", run, errors.append)) is None:
        raise Unanswered("the machine grants no thread to ask the Pluto server with")
    asking.join(RESUME_TIMEOUT)
    if answers:
        return answers[0]
    if not errors:
        raise Unanswered(f"the Pluto server has not answered for {monotonic() - began:.0f} s")
    if isinstance(errors[0], (WireError, EndpointError)):
        raise Unanswered(str(errors[0])) from errors[0]
    raise errors[0]
