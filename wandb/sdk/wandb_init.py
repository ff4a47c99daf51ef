"""`wandb.init`: completes the settings of a run and begins it."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any

from wandb._native.run import active_runs, current, start
from wandb._native.run.run_settings import RunSettings
from wandb._native.run.settings_sources import SettingsSources
from wandb.errors import Error, UsageError
from wandb.errors.term import termlog, termsetup, termwarn
from wandb.sdk import wandb_login, wandb_setup
from wandb.sdk.lib import config_util
from wandb.sdk.lib.noop_run import NoopRun
from wandb.sdk.lib.runid import generate_id
from wandb.sdk.wandb_helper import parse_config
from wandb.sdk.wandb_run import Run, attach_run
from wandb_compat.config import login_choice
from wandb_compat.config import settings as engine
from wandb_compat.config.truthy import is_true
from wandb_compat.run import environment

if TYPE_CHECKING:
    from wandb.sdk.wandb_settings import Settings

_PLUTO_MODES = ("online", "offline", "disabled")


def init(
    entity: str | None = None,
    project: str | None = None,
    dir: str | os.PathLike[str] | None = None,
    id: str | None = None,
    name: str | None = None,
    notes: str | None = None,
    tags: Sequence[str] | str | None = None,
    config: Any = None,
    config_exclude_keys: Sequence[str] | None = None,
    config_include_keys: Sequence[str] | None = None,
    allow_val_change: bool | None = None,
    group: str | None = None,
    job_type: str | None = None,
    mode: str | None = None,
    force: bool | None = None,
    reinit: bool | str | None = None,
    resume: bool | str | None = None,
    resume_from: str | None = None,
    fork_from: str | None = None,
    save_code: bool | None = None,
    tensorboard: bool | None = None,
    sync_tensorboard: bool | None = None,
    monitor_gym: bool | None = None,
    settings: Settings | Mapping[str, Any] | None = None,
    anonymous: Any = None,
    magic: Any = None,
) -> Run:
    """Begin a run; returns without waiting for Pluto.

    Args:
        entity: kept with the run; Pluto's organisation follows from the key.
        project: by default WANDB_PROJECT, else `uncategorized`; PLUTO_PROJECT wins over both.
        dir: folder that gets the `wandb/` folder.
        id: id of the run, by default a random one.
        name: by default a random one.
        notes: a longer description.
        tags: texts; one text is one tag.
        config: a mapping, an argparse.Namespace, an OmegaConf container, any object with attributes, or a YAML file.
        config_exclude_keys: keys of `config` to leave out.
        config_include_keys: the only keys of `config` to take.
        allow_val_change: let configuration values change without asking.
        group: sent as tag `group:…`.
        job_type: sent as tag `job_type:…`.
        mode: `online`; `offline` or `dryrun`: journal only; `disabled`: nowhere. PLUTO_MODE wins over the
            first two.
        force: raise when there is no Pluto key.
        reinit: what becomes of a run that is active already: `return_previous` (the default outside of notebooks, also
            False), `finish_previous` (also True), or `create_new`.
        resume: what to do about an earlier run of that id and project. `allow`: go on with it, if there is one; `must`:
            go on with it, or raise; `never`: raise if there is one; `auto` (also True): go on with the run that this
            folder remembers and that has not ended well. None: begin at step 0 and replace rows at the same steps.
            Steps follow the last one that the server or a journal here knows, configuration, tags and summary are
            joined. The server is asked for 10 s at most; when it gives no answer, journals here decide.
        resume_from: `ID?_step=N`: go on with a run as if N had been its last step.
        fork_from: `ID?_step=N`: begin a new run with the configuration of another one and its history up to that step.
        save_code: keep the running script as `code/SCRIPT` in the run's folder, and send it.
        sync_tensorboard: log what writers of TensorBoard's event files write from now on; `wandb.tensorboard.patch` has
            more to choose from.
        tensorboard: the same.
        monitor_gym: log the videos that gymnasium, or gym, records.
        magic: not available in Pluto; asking for it causes a warning.
        settings: a `wandb.Settings` or a dict; the other arguments win.
        anonymous: without meaning for Pluto, accepted.

    Returns:
        The run; it is `wandb.run` too, unless made with `reinit="create_new"`.

    Raises:
        wandb.UsageError: a project or id cannot be used, there is no run that must be there or one that must not, or
            with `force` there is no key.
        wandb.Error: `resume="must"` while another run is active.
        pydantic.ValidationError: an argument has a value that does not exist.
        ConfigError, TypeError: `config` cannot be used.

    Example:
        >>> run = wandb.init(project="demo", config={"lr": 0.1})
    """
    arguments = {
        "entity": entity,
        "project": project,
        "root_dir": dir,
        "run_id": id,
        "run_name": name,
        "run_notes": notes,
        "run_tags": tags,
        "allow_val_change": allow_val_change,
        "run_group": group,
        "run_job_type": job_type,
        "mode": mode,
        "force": force,
        "reinit": reinit,
        "resume": resume,
        "resume_from": resume_from,
        "fork_from": fork_from,
        "save_code": save_code,
        "sync_tensorboard": sync_tensorboard if sync_tensorboard is not None else tensorboard,
    }
    hyperparameters = _sagemaker(arguments)
    own, complaints = engine.Settings.read()
    run_settings = _settings(own, settings, arguments)
    termsetup(run_settings)
    if not run_settings._offline and not run_settings._noop:
        asked = wandb_login.ask_if_nothing_is_configured(run_settings.api_key)
        if login_choice.ensure_local_server(termlog) or asked:
            own, _ = engine.Settings.read()  # the key found from now on is for another server
    for complaint in complaints:
        termwarn(complaint, repeat=False)
    values = parse_config(config, config_exclude_keys, config_include_keys)
    values = _configuration(run_settings, {**hyperparameters, **values})
    if run_settings._noop:
        return _disabled(run_settings, values)
    if (previous := active_runs.latest()) and not _begins_new_run(run_settings):
        return previous
    if magic:
        termwarn("wandb.init(magic=...) has no counterpart in Pluto; the run continues without it.")
    run = start.begin(own, run_settings, values)
    _patch_libraries(run_settings, bool(monitor_gym))
    return run


def _sagemaker(arguments: dict[str, Any]) -> dict[str, Any]:
    """Let a SageMaker job name its run; return its hyperparameters."""
    from wandb.integration.sagemaker import config

    if not config.is_using_sagemaker() or is_true(os.environ.get("WANDB_SAGEMAKER_DISABLE")):
        return {}
    names, hyperparameters = config.take_over()
    arguments.update({name: value for name, value in names.items() if arguments[name] is None})
    return hyperparameters


def _settings(
    own: engine.Settings, given: Settings | Mapping[str, Any] | None, arguments: Mapping[str, Any]
) -> RunSettings:
    """Return the settings of a run: environment, `setup`, `settings=` and arguments, the last one wins."""
    settings = wandb_setup.current_settings()
    by_agent = bool(settings.sweep_id)
    if isinstance(given, SettingsSources):
        settings.update_from_settings(given)
    elif given:
        settings.update_from_dict(given)
    settings.update_from_dict(_without_place(arguments) if by_agent else arguments)
    if not settings._noop and own.pluto_mode in _PLUTO_MODES:
        settings.update_from_dict({"mode": own.pluto_mode})
    elif own.pluto_mode and own.pluto_mode not in _PLUTO_MODES:
        termwarn(f"PLUTO_MODE={own.pluto_mode!r} is ignored: it can be {', '.join(_PLUTO_MODES)}", repeat=False)
    # Past the check of names: PLUTO_PROJECT may be any that Pluto takes.
    settings.set_unchecked("project", own.project(settings.project))
    if "root_dir" not in settings.model_fields_set:
        settings.root_dir = str(own.root())
    settings.root_dir = str(Path(settings.root_dir).expanduser().absolute())  # scripts and uploaders change folders
    settings.x_start_time = time()
    _describe_process(settings)
    return settings


def _describe_process(settings: RunSettings) -> None:
    """Fill the settings that describe machine and script, where they are not given."""
    settings.host = settings.host or socket.gethostname()
    settings.program = settings.program or environment.program()
    if settings.program_abspath is None and Path(settings.program).is_file():
        settings.program_abspath = str(Path(settings.program).absolute())
    settings.x_executable = settings.x_executable or sys.executable
    if settings.console == "auto":
        settings.console = "wrap"


def _without_place(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments without what the sweep has settled: its agent says where a run belongs and what it is."""
    settled = {name: arguments[name] for name in ("project", "entity", "run_id") if arguments[name] is not None}
    for name, value in settled.items():
        termwarn(f"Ignoring {name} {value!r} when running a sweep.")
    return {name: value for name, value in arguments.items() if name not in settled}


def _configuration(settings: RunSettings, config: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration with the files of WANDB_CONFIG_PATHS, which win as they do with wandb."""
    for path in settings.config_paths or ():
        config = {**config, **(config_util.dict_from_config_file(path, must_exist=True) or {})}
    return config


def _disabled(settings: RunSettings, config: dict[str, Any]) -> Run:
    settings.run_id = settings.run_id or generate_id()
    settings.run_name = settings.run_name or f"dummy-{settings.run_id}"
    settings.entity = settings.entity or "dummy"
    settings.root_dir = tempfile.gettempdir()
    if settings.project == "uncategorized":
        settings.project = "dummy"
    run = NoopRun(settings, config)
    current.set_run(run)
    return run


def _begins_new_run(settings: RunSettings) -> bool:
    """Whether a new run begins although one is active.

    Raises:
        wandb.Error: the active one stands in the way of a run that must be resumed.
    """
    if settings.reinit in (True, "finish_previous") or (settings.reinit == "default" and settings._jupyter):
        termlog(f"Finishing previous runs because reinit is set to {settings.reinit!r}.")
        active_runs.finish_all()
        return True
    if settings.reinit == "create_new":
        return True
    if settings.resume == "must":
        raise Error(
            "Cannot resume a run while another run is active. You must either finish it using run.finish(), or use"
            " reinit='create_new' when calling wandb.init()."
        )
    termlog(
        f"wandb.init() called while a run is active and reinit is set to {settings.reinit!r}, so returning the previous"
        " run."
    )
    return False


def _patch_libraries(settings: RunSettings, monitor_gym: bool) -> None:
    """Log what TensorBoard and gymnasium record, if asked to."""
    patched = current.module().patched
    if settings.sync_tensorboard and not patched["tensorboard"]:
        from wandb.integration import tensorboard

        tensorboard.patch()
    if monitor_gym and not patched["gym"]:
        from wandb.integration import gym

        gym.monitor()


def _attach(attach_id: str | None = None, run_id: str | None = None, *, run: Run | None = None) -> Run:
    """Return a run that has begun elsewhere: in this process, in the one that it was forked from, or in any other.

    In Pluto: what is logged from here goes to the same run. Steps begin after the last one that is on disk.

    Args:
        attach_id: `run._attach_id`, as pickling a run keeps it; or the id of the run.
        run_id: the same.
        run: a run, which is returned.

    Raises:
        wandb.UsageError: nothing is given, or no process of this user on this machine has that run.
    """
    wanted = attach_id or run_id or (run._attach_id if run is not None else None)
    if wanted is None:
        raise UsageError("Either `attach_id` or `run_id` must be specified or `run` must have `_attach_id`")
    return attach_run(wanted)


attach = _attach
