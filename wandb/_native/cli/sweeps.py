"""`wandb sweep` and `wandb agent`: make a sweep from a YAML file, steer it, and work on it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from wandb import env
from wandb._native.sweeps import SweepNotFoundError, search
from wandb._native.sweeps.coordinator import Desk
from wandb._native.sweeps.trial_log import Ledger
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
@click.option("--controller", is_flag=True, help="Run a controller too, which says what agents try.")
@click.option("--verbose", is_flag=True, help="Let the controller say more.")
@click.option("--name", help="Name of the sweep; wins over the file's.")
@click.option("--program", help="Script that agents run; wins over the file's.")
@click.option("--settings", hidden=True)
@click.option("--update", metavar="ID", help="Give a sweep another definition instead of making one.")
@click.option("--stop", is_flag=True, help="Begin no more runs.")
@click.option("--cancel", is_flag=True, help="Begin no more runs and end those that are running.")
@click.option("--pause", is_flag=True, help="Begin no runs until it is resumed.")
@click.option("--resume", is_flag=True, help="Begin runs again.")
@click.option("-R", "--prior_run", "prior_runs", multiple=True, metavar="RUN", help="Run whose result is learned from.")
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
    """Make a sweep from a YAML file, or change the state of one."""
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
            ledger = _known(update)
            ledger.define(definition, project or definition.get("project") or ledger.project())
            identity = ledger.sweep
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


def _known(identity: str) -> Ledger:
    ledger = Ledger(identity.rpartition("/")[2])
    if not ledger.exists():
        try:
            Desk(ledger.sweep, None)  # fetches it, if a run on the server carries it
        except SweepNotFoundError as error:
            raise click.ClickException(str(error)) from error
    return ledger


@click.command()
@click.option("-p", "--project", help="Project of the runs; by default that of the sweep.")
@click.option("-e", "--entity", help="Kept with the runs.")
@click.option("--count", type=int, help="How many runs at most.")
@click.option("-f", "--forward-signals", is_flag=True, help="Give the program the signals that the agent gets.")
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
@click.option("--verbose", is_flag=True, help="Say what was scheduled and ended.")
@click.argument("sweep_id")
def controller(sweep_id: str, verbose: bool) -> None:
    """Say what the agents of a sweep try, until it is done."""
    from wandb.wandb_controller import ControllerError, _WandbController

    try:
        _WandbController(sweep_id).run(verbose=verbose)
    except ControllerError as error:
        raise click.ClickException(str(error)) from error
