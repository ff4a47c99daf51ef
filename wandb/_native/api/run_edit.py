"""Sends changes of a run that was read back: only what differs from the server's copy."""

from __future__ import annotations

import copy
from time import sleep, time
from typing import TYPE_CHECKING, Any

from wandb._native.api import run_fields
from wandb._native.api.unsupported_methods import refuse
from wandb.errors.term import termwarn

if TYPE_CHECKING:
    from wandb._native.api.run import Run
    from wandb._native.api.run_attributes import RunAttributes

LOOK = 5.0  # seconds between two looks at a run that is waited for


def update(run: Run) -> None:
    """Send what was changed: config, tags, group, job type, name, notes and summary."""
    run._load_details()
    config, saved = run.config, run._saved["config"]
    changed = {key: one for key, one in config.items() if key not in saved or saved[key] != one}
    if gone := [key for key in saved if key not in config]:
        termwarn(f"Pluto keeps keys of a config: {', '.join(gone)} cannot be removed and stay in the run.")
    about = {}
    for name, attribute in (("name", "displayName"), ("notes", "notes")):
        if run._attrs.get(attribute) != run._saved.get(attribute):
            about[name] = run._attrs[attribute]
    if changed or about:
        send(run, about, changed)
    if "name" in about:  # Pluto's own server keeps the first name, and ours reads that of the config
        run._reader.wire.edit_run(run.number, "edit", {"name": about["name"]})
    marks = {kind: run._attrs.get(name) for kind, name in run_fields.MARKS.items()}
    if any(run._attrs.get(name) != run._saved.get(name) for name in ("tags", *run_fields.MARKS.values())):
        _send_tags(run, [*[f"{kind}:{value}" for kind, value in marks.items() if value], *run.tags])
    send_summary(run)
    run._attrs["rawconfig"] = dict(config)
    run._remember()


def send(run: RunAttributes, about: dict[str, Any], config: dict[str, Any] | None = None) -> None:
    """Merge values into the run's config on the server.

    Args:
        run: the run.
        about: what we keep below `wandb`, such as notes and summary.
        config: the user's own keys.
    """
    from wandb_compat.convert.json_values import json_value
    from wandb_compat.wire.config_update import update_config

    values = json_value(config or {})
    if about:
        theirs = values.get("wandb")
        values["wandb"] = {**(theirs if isinstance(theirs, dict) else {}), **about}
    project = run._reader.stored_project(run.project)
    update_config(run._reader.wire, run.number, project, values, about.get("summary") or ())


def _send_tags(run: Run, tags: list[str]) -> None:
    from wandb_compat.wire.names import stored_tags

    run._reader.wire.update_tags(run.number, stored_tags(tags))


def send_summary(run: RunAttributes) -> None:
    """Send the keys of the summary that were changed or deleted."""
    if run._summary is None:
        return
    from wandb_compat.run.server_fields import published_summary

    now, saved = run._attrs["summaryMetrics"], run._saved.get("summaryMetrics", {})
    changed = {key: one for key, one in now.items() if key not in saved or saved[key] != one}
    summary = published_summary(run_fields.without_folders(changed))
    summary |= dict.fromkeys(run._summary._deleted)  # a server keeps keys; null marks a deleted key
    if summary:
        send(run, {"summary": summary})
    run._summary._deleted.clear()
    run._saved["summaryMetrics"] = copy.deepcopy(now)


def wait_until_finished(run: Run) -> None:
    """Wait until the run is over; `state` tells how it ended."""
    while run.load(force=True)["state"] not in run_fields.ENDED:
        sleep(LOOK)


def update_state(run: Run, state: str) -> bool:
    """Set the state of a run that is lost to `failed`."""
    if state != "failed":
        refuse(f"Run.update_state({state!r})", "a run can be marked as failed; it begins with wandb.init")
    reason = {"type": "Exit", "message": "marked as failed through wandb.Api"}
    run._reader.wire.set_status(run.number, "FAILED", int(time() * 1000), reason)
    run.load(force=True)
    return bool(run._load_details()["status"] == "FAILED")


def delete(run: Run) -> None:
    """Delete a run on an embedded server; refused on another."""
    if not run._reader.wire.edit_run(run.number, "delete"):
        refuse("Run.delete()", f"delete the run on its page, {run.url}")


def stop(run: Run) -> None:
    """Ask a run to stop; one that is over stays as it is."""
    if run.load(force=True)["state"] not in run_fields.ENDED:
        reason = {"type": "Stop", "message": "stopped through wandb.Api"}
        run._reader.wire.set_status(run.number, "CANCELLED", int(time() * 1000), reason)
        run.load(force=True)
