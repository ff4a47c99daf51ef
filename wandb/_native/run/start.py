"""Begins a run: resolves what it resumes, makes its directory, starts its pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from wandb._native.run import active_runs, attach, current, run_dir
from wandb._native.run.random_names import generate_name
from wandb._native.run.resume import settle
from wandb._native.run.run_settings import RunSettings
from wandb._native.run.saved_files import write_requirements
from wandb._native.run.terminal import terminal_notifier
from wandb.errors import UsageError
from wandb.errors.term import is_shown, termlog, termwarn
from wandb.sdk import wandb_login
from wandb.sdk.lib import config_util, ipython
from wandb.sdk.wandb_run import Run
from wandb_compat._version import __version__
from wandb_compat.config import login_choice, network
from wandb_compat.config import settings as engine
from wandb_compat.config.credentials import HINT, Credential
from wandb_compat.pipeline.pipeline import Pipeline
from wandb_compat.run import environment, start_record
from wandb_compat.run.console import ConsoleCapture
from wandb_compat.run.server_fields import server_tags
from wandb_compat.spool import records, threads
from wandb_compat.wire.config_merge import REMOVED


def begin(own: engine.Settings, settings: RunSettings, config: dict[str, Any]) -> Run:
    """Begin a run: settle its id, make its directory, start its pipeline, and make it the current run.

    Args:
        own: settings of wandb-compat.
        settings: of the run; completed here.
        config: the run's configuration.

    Raises:
        wandb.UsageError: a key is required and missing, the id is that of an active run, or the run cannot be resumed
            as asked.
    """
    network.configure(settings)
    credential = None if settings._offline else wandb_login.find_credential(settings.api_key)
    if credential is None and not settings._offline:
        if settings.force:
            raise UsageError(f"No Pluto key: {HINT}")
        if (choice := login_choice.read()) is None or choice.kind != login_choice.DISK:
            termwarn(f"No Pluto key was found, so the run is kept in its folder: {HINT}", repeat=False)
    going = settle(own, settings, credential)
    if any(run.id == settings.run_id for run in active_runs.mine()):
        raise UsageError(f"run ID {settings.run_id} is in use by an active run: finish that run, or give another id")
    settings.run_name = settings.run_name or generate_name()
    home = run_dir.make(settings)
    as_html = ipython.in_notebook() and not settings.silent and is_shown("info")
    pipeline = Pipeline(
        home,
        own,
        notifier=terminal_notifier(),
        head=Path(settings.sync_file),
        report_at_end=is_shown("info"),
        link_shown=as_html,
    )
    run = Run(settings, config, _sweep_parameters(settings), pipeline=pipeline, first_step=going.first_step)
    metadata = environment.gather(settings, keep_arguments=own.keep_arguments)
    start = _start_record(own, run, metadata)
    if going.previous is not None:
        if settings.fork_from is None:
            run._config_changes.inherit(going.previous.extra.get(REMOVED))
            changes = run._config_changes.document(going.previous.values, _own_values(start.config))
            extra = {**start.config.get("wandb", {}), **changes.pop("wandb", {})}
            start.config.update(changes, **({"wandb": extra} if extra else {}))
        run._go_on(going.previous)
        if settings.fork_from is None:
            run._history.floor = going.previous.last_time
    run._history.publish_in_background()
    pipeline.before_write = run._history.publish_if_due
    pipeline.start(start, credential, online=credential is not None)
    active_runs.add(run)
    attach.publish(run)
    if settings.reinit != "create_new":
        current.set_run(run)
    resumed = going.previous if settings.fork_from is None else None
    if as_html:
        from wandb._native.notebooks.status_line import StatusLine

        run._status_line = StatusLine(run)
        run._status_line.start()
    else:
        termlog(f"Tracking run {run.name} of project {run.project} with wandb-compat {__version__}")
        termlog(f"Run data is saved in {home}")
    run._begin(_console(settings, pipeline, credential, resumed.last_line if resumed is not None else 0))
    run_dir.write_json(Path(run.dir, "wandb-metadata.json"), metadata)
    if settings.x_save_requirements and not settings.x_disable_meta:
        requirements = Path(run.dir, "requirements.txt")
        threads.start("packages", lambda: write_requirements(requirements), lambda error: None)
    if settings.save_code and not settings.disable_code:
        run._code.save()
    if settings._jupyter:
        from wandb import jupyter

        jupyter.display_if_magic_is_used(run)
    return run


def _own_values(config: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key != "wandb"}


def _start_record(own: engine.Settings, run: Run, metadata: dict[str, Any]) -> records.Start:
    settings = run._settings
    return start_record.build(
        run.id,
        own,
        settings,
        name=run.name or "",
        project=run.project,
        started=run.start_time,
        config=run.config.as_dict(),
        tags=server_tags(settings, run._notifier),
        sweep=_sweep_record(settings),
        metadata=metadata,
        notifier=run._notifier,
    )


def _sweep_record(settings: RunSettings) -> dict[str, Any] | None:
    """Return the run's sweep as the server keeps it, in the form of `pluto migrate`."""
    if not settings.sweep_id:
        return None
    from wandb._native.sweeps.trial_log import TrialLog

    ledger = TrialLog(settings.sweep_id)
    definition = ledger.definition() if ledger.exists() else {}
    trial = ledger.trial(settings.run_id or "")
    agent = {"id": trial.agent, "host": trial.host} if trial is not None and trial.agent else None
    about = {"id": settings.sweep_id, "name": definition.get("name"), "config": definition, "agent": agent}
    return {key: value for key, value in about.items() if value}


def _sweep_parameters(settings: RunSettings) -> dict[str, Any] | None:
    """Return the hyperparameters that a sweep agent wrote for this run."""
    if not settings.sweep_param_path:
        return None
    return config_util.dict_from_config_file(settings.sweep_param_path)


def _console(
    settings: RunSettings, pipeline: Pipeline, credential: Credential | None, last_line: int
) -> ConsoleCapture | None:
    if settings.console == "off":
        return None
    secret = credential.reveal if credential is not None else lambda: None
    log = Path(settings.files_dir, "output.log")
    redirect = settings.console == "redirect"
    return ConsoleCapture(pipeline.submit, secret=secret, log=log, redirect=redirect, last_line=last_line)
