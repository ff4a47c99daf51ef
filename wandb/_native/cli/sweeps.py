"""`wandb sweep`, `wandb agent` and `wandb controller`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from wandb import env
from wandb._native.sweeps import SweepNotFoundError, search
from wandb._native.sweeps.coordinator import SweepCoordinator
from wandb._native.sweeps.trial_log import TrialLog
from wandb.errors import Error
from wandb.errors.term import termlog
from wandb.sdk.wandb_sweep import sweep as make
from wandb.wandb_agent import agent as work

_STATES = {"stop": "FINISHED", "cancel": "CANCELED", "pause": "PAUSED", "resume": "RUNNING"}


def _definition(file: str) -> dict[str, Any]:
    import yaml

    try:
        read = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise click.ClickException(f"Couldn't open sweep file {file}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise click.ClickException(f"Error in configuration file {file}: {error}") from error
    if not isinstance(read, dict):
        raise click.ClickException(f"Configuration file {file} is empty; it needs `method` and `parameters`")
    return read


@click.command()
@click.option("-p", "--project", help="Project of the sweep's runs.")
@click.option("-e", "--entity", help="Kept with the runs.")
@click.option("--controller", is_flag=True, help="Run a controller too, which chooses the trials.")
@click.option("--verbose", is_flag=True, help="Let the controller print more.")
@click.option("--name", help="Name of the sweep; wins over the file's.")
@click.option("--program", help="Script that agents run; wins over the file's.")
@click.option("--settings", hidden=True)
@click.option("--update", metavar="ID", help="Change the definition of a sweep instead of creating one.")
@click.option("--stop", is_flag=True, help="Start no more runs.")
@click.option("--cancel", is_flag=True, help="Start no more runs and end those that are running.")
@click.option("--pause", is_flag=True, help="Start no runs until the sweep is resumed.")
@click.option("--resume", is_flag=True, help="Start runs again.")
@click.option(
    "-R",
    "--prior_run",
    "prior_runs",
    multiple=True,
    metavar="RUN",
    help="Earlier run whose result the search learns from.",
)
@click.argument("config_yaml_or_sweep_id")
def sweep(
    config_yaml_or_sweep_id: str,
    project: str | None,
    entity: str | None,
    controller: bool,
    verbose: bool,
    name: str | None,
    program: str | None,
    settings: str | None,
    update: str | None,
    prior_runs: tuple[str, ...],
    **states: bool,
) -> None:
    """Create a sweep from a YAML file, or change the state of one."""
    asked = [state for state, given in states.items() if given]
    if len(asked) > 1:
        raise click.ClickException("Only one state flag (stop/cancel/pause/resume) is allowed.")
    if asked:
        _known(config_yaml_or_sweep_id).set_state(_STATES[asked[0]])
        termlog(f"Sweep {config_yaml_or_sweep_id}: {_STATES[asked[0]].lower()}")
        return
    definition = _definition(config_yaml_or_sweep_id)
    given = {"name": name, "program": program}
    definition.update({key: value for key, value in given.items() if value})
    if controller:
        definition["controller"] = {"type": "local"}
    try:
        if update:
            search.check(definition)
            log = _known(update)
            log.define(definition, project or definition.get("project") or log.project())
            identity = log.sweep
            termlog(f"Updated sweep with ID: {identity}")
        else:
            termlog(f"Creating sweep from: {config_yaml_or_sweep_id}")
            identity = make(definition, entity=entity, project=project, prior_runs=list(prior_runs))
    except Error as error:
        raise click.ClickException(str(error)) from error
    place = project or definition.get("project") or env.get_project()
    termlog(f"Run sweep agent with: python -m wandb agent {place + '/' if place else ''}{identity}")
    if controller:
        from wandb.wandb_controller import _WandbController

        _WandbController(identity).run(verbose=verbose)


def _known(identity: str) -> TrialLog:
    log = TrialLog(identity.rpartition("/")[2])
    if not log.exists():
        try:
            SweepCoordinator(log.sweep, None)  # reads it from a run on the server
        except SweepNotFoundError as error:
            raise click.ClickException(str(error)) from error
    return log


@click.command()
@click.option("-p", "--project", help="Project of the runs; by default that of the sweep.")
@click.option("-e", "--entity", help="Kept with the runs.")
@click.option("--count", type=int, help="Maximum number of runs.")
@click.option("-f", "--forward-signals", is_flag=True, help="Forward the agent's signals to the program.")
@click.option("-t", "--term-timeout", type=int, help="Seconds that the program has to end after Ctrl-C.")
@click.option("--max-consecutive-failed-runs", type=click.IntRange(min=1), help="End after so many failures in a row.")
@click.argument("sweep_id")
def agent(sweep_id: str, **options: Any) -> None:
    """Run the program of a sweep with one configuration after the other."""
    try:
        work(sweep_id, **options)
    except Error as error:
        raise click.ClickException(str(error)) from error
    sys.stdout.flush()


@click.command()
@click.option("--verbose", is_flag=True, help="Print what was scheduled and stopped.")
@click.argument("sweep_id")
def controller(sweep_id: str, verbose: bool) -> None:
    """Choose what the agents of a sweep try, until it is done."""
    from wandb.wandb_controller import ControllerError, _WandbController

    try:
        _WandbController(sweep_id).run(verbose=verbose)
    except ControllerError as error:
        raise click.ClickException(str(error)) from error
