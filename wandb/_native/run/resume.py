"""Decides what a run continues from: `resume`, `resume_from` and `fork_from`, and the id that follows from them."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wandb.errors import UsageError
from wandb.errors.term import termlog, termwarn
from wandb.sdk.lib.runid import generate_id
from wandb_compat.run.ask_server import ask_server
from wandb_compat.run.previous_run import PreviousRun, from_journals, from_server, join_sources
from wandb_compat.wire.errors import Unanswered
from wandb_compat.wire.names import project_name

if TYPE_CHECKING:
    from wandb._native.run.run_settings import RunSettings
    from wandb_compat.config import settings as engine
    from wandb_compat.config.credentials import Credential

_MARKS = ("group", "job_type", "sweep")  # kinds of tags that represent settings of the run


class Going(NamedTuple):
    """What a run continues from: its first step, and what is known of the run before, if there is one."""

    first_step: int = 0
    previous: PreviousRun | None = None


class _Known(NamedTuple):
    previous: PreviousRun | None
    answered: bool  # whether the server has answered


def settle(own: engine.Settings, settings: RunSettings, credential: Credential | None) -> Going:
    """Settle the run's id and what it goes on from; names, tags and notes that `settings` lack are taken over.

    Args:
        own: our settings.
        settings: those of the run; changed.
        credential: the Pluto key, or None when the server is not to be asked.

    Raises:
        wandb.UsageError: the run must exist and does not, or the other way round; or arguments contradict each other.
    """
    asked = [name for name in ("resume", "resume_from", "fork_from") if getattr(settings, name) is not None]
    if len(asked) > 1:
        raise UsageError(f"{' and '.join(f'`{name}`' for name in asked)} cannot be used together; give one of them")
    chosen = _choose_id(settings)
    if settings.fork_from is not None:
        return _fork(own, settings, credential)
    if settings.resume_from is not None:
        return _rewind(own, settings, credential)
    if settings.resume is not None:
        return _resume(own, settings, credential, chosen or own.pluto_run_id is not None)
    if chosen and any(Path(settings.wandb_dir).glob(f"*run-*-{settings.run_id}")):
        termwarn(
            f"Run {settings.run_id} has been logged from here before. Its steps begin at 0 again, and rows replace"
            " those at the same step; with resume='allow' they would follow the last one.",
            repeat=False,
        )
    return Going()


def _choose_id(settings: RunSettings) -> bool:
    """Settle the run's id; return whether it was given or remembered, so that there can be a run before."""
    remembered = Path(settings.resume_fname) if settings.resume == "auto" else None
    if settings.resume_from is not None:
        settings.run_id = settings.resume_from.run
    if remembered and not settings.run_id:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            settings.run_id = json.loads(remembered.read_text(encoding="utf-8"))["run_id"]
    chosen = settings.run_id is not None
    settings.run_id = settings.run_id or generate_id()
    if remembered:
        with contextlib.suppress(OSError):
            remembered.parent.mkdir(parents=True, exist_ok=True)
            remembered.write_text(json.dumps({"run_id": settings.run_id}), encoding="utf-8")
    return chosen


def _resume(own: engine.Settings, settings: RunSettings, credential: Credential | None, chosen: bool) -> Going:
    run_id, how = settings.run_id or "", settings.resume
    known = _look(own, settings, credential, run_id, own.pluto_run_id) if chosen else _Known(None, True)
    if how == "never":
        if known.previous is not None:
            raise UsageError(
                f"Run {run_id} exists already, and resume='never' asks for a new one. Give another id, or"
                " resume='allow' to go on with it."
            )
    elif known.previous is None and how == "must":
        if known.answered:
            raise UsageError(
                f"There is no run {run_id} in project {settings.project} to resume, as resume='must' asks for. Check"
                " the id, or give resume='allow' to begin it where it does not exist."
            )
        termwarn(
            f"Whether run {run_id} exists is unknown: no journal here has it, and the server did not answer. It begins"
            " at step 0."
        )
    if known.previous is None:
        return Going()
    _take_over(settings, known.previous)
    termlog(f"Resuming run {run_id} at step {known.previous.last_step + 1}")
    return Going(known.previous.last_step + 1, known.previous)


def _rewind(own: engine.Settings, settings: RunSettings, credential: Credential | None) -> Going:
    moment = settings.resume_from
    assert moment is not None
    known = _look(own, settings, credential, moment.run)
    _check(known, moment.run, moment.value, "resume_from")
    if known.previous is not None:
        _take_over(settings, known.previous)
        if known.previous.last_step > moment.value:
            termwarn(
                f"Pluto deletes no rows: those of run {moment.run} after step {moment.value} stay until rows at"
                " the same steps replace them. fork_from= leaves them out."
            )
    return Going(moment.value + 1, known.previous)


def _fork(own: engine.Settings, settings: RunSettings, credential: Credential | None) -> Going:
    moment = settings.fork_from
    assert moment is not None
    if moment.run == settings.run_id:
        raise UsageError(
            f"A run cannot be forked from itself: give another id than {moment.run}, or resume_from= to go back in it."
        )
    known = _look(own, settings, credential, moment.run, take=False)
    _check(known, moment.run, moment.value, "fork_from")
    parent = known.previous and PreviousRun(config=known.previous.values)
    return Going(moment.value + 1, parent)


def _check(known: _Known, run_id: str, step: int, argument: str) -> None:
    if known.previous is None:
        if known.answered:
            raise UsageError(f"{argument}: there is no run {run_id} in the project")
        termwarn(f"{argument}: run {run_id} is not known here, and the server was not asked or did not answer.")
    elif 0 <= known.previous.last_step < step and known.answered:
        raise UsageError(f"{argument}: the last step of run {run_id} is {known.previous.last_step}, not {step} or more")


def _look(
    own: engine.Settings,
    settings: RunSettings,
    credential: Credential | None,
    run_id: str,
    target: str | None = None,
    take: bool = True,
) -> _Known:
    """Return what journals here and the server know of a run; the one that has got further has the last word."""
    local = from_journals(Path(settings.wandb_dir), run_id, settings.project or "")
    key = credential.reveal() if credential is not None else None
    if key is None:
        return _Known(local, False)
    project = project_name(settings.project or "")
    try:
        remote = ask_server(
            own,
            key,
            lambda client: from_server(client, project, run_id, target, take=take and settings.resume != "never"),
        )
    except Unanswered as error:
        termwarn(f"What the server knows of run {run_id} could not be asked: {error}. Journals here decide.")
        return _Known(local, False)
    known = sorted((one for one in (remote, local) if one is not None), key=lambda one: one.last_step)
    return _Known(join_sources(known), True)


def _take_over(settings: RunSettings, previous: PreviousRun) -> None:
    """Give a run the name, notes, tags and group that it had, where the script gives none; tags are joined."""
    settings.run_name = settings.run_name or previous.extra.get("name") or previous.name
    settings.run_notes = settings.run_notes or previous.extra.get("notes")
    # The first tag of a kind is the run's own; the user may have added tags that look the same.
    marks = dict(tag.split(":", 1) for tag in reversed(previous.tags) if tag.split(":", 1)[0] in _MARKS and ":" in tag)
    settings.run_group = settings.run_group or marks.get("group")
    settings.run_job_type = settings.run_job_type or marks.get("job_type")
    kept = [tag for tag in previous.tags if not (":" in tag and tag.split(":", 1)[0] in _MARKS)]
    if tags := tuple(dict.fromkeys((*kept, *(settings.run_tags or ())))):
        vars(settings)["run_tags"] = tags  # past the check: another client may have stored any
    settings.resumed = True
