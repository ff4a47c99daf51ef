"""Uploads run directories in the foreground, several runs at once."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import click

from wandb_compat.cli import verify_runs
from wandb_compat.cli.run_dirs import RunDir, default_path, find_run_dirs
from wandb_compat.cli.sync_progress import Begin, logs_of_runs, progress_bars
from wandb_compat.config import credentials
from wandb_compat.config.settings import Settings
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.server_binding import ServerBinding
from wandb_compat.spool.status import State
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.uploader import recovery
from wandb_compat.uploader.read_back import StoredRun
from wandb_compat.uploader.run_logs import current_run_dir
from wandb_compat.uploader.trainer import Trainer
from wandb_compat.uploader.worker import Worker
from wandb_compat.wire.client import Client
from wandb_compat.wire.endpoints import Endpoints, resolve, server_at
from wandb_compat.wire.errors import EndpointError, NoRunFound, RunDirBusy

VERIFY_TIME = 60.0  # seconds to wait for a server to store what it acknowledged


class Options(NamedTuple):
    """What `sync` may do beyond sending the user's own runs to their server.

    `trust` sends runs of directories that other users own or may write to, and follows links out of them. `to` is the
    URL of the server to send to, whichever server the runs were logged for; by default it is the configured one, and
    only its runs are sent. `verify` waits until what the server acknowledged was seen to be stored.
    """

    trust: bool = False
    to: str | None = None
    verify: bool = False


def deliver(
    paths: tuple[Path, ...], *, dry_run: bool, patience: float, jobs: int, options: Options | None = None
) -> int:
    """Upload the runs that the paths name, print one line for each, and return the exit code.

    Args:
        paths: see `find_run_dirs`; when empty, the default directory.
        dry_run: only show what would be sent.
        patience: seconds to retry for each run while the server cannot be reached.
        options: what else may be done.
        jobs: runs to send at once; parts of one run are sent one after the other, in the order of their start.

    Raises:
        click.ClickException: a path does not exist, the key is missing, or the URLs are incomplete.
    """
    options = options or Options()
    given = paths or (default_path(),)
    found = {run_dir.path: run_dir for path in given for run_dir in find_run_dirs(path)}
    if not found:
        click.echo(f"No run directory below {', '.join(map(str, given))}.")
        return 0
    ours = [run_dir for run_dir in found.values() if _is_ours(run_dir)]
    unfinished = [one for one in ours if not one.delivered]
    delivered = [one for one in ours if one.delivered]
    # What an earlier uploader could not check any more is checked now.
    unchecked = [] if dry_run else [one for one in delivered if options.verify or Offsets(one.path).unstored()]
    if unchecked and not options.verify and credentials.find(wandb_disabled=True) is None:
        unchecked = []
    whole = [_report_delivered(run_dir, options.to) for run_dir in delivered if run_dir not in unchecked]
    if dry_run:
        for run_dir in unfinished:
            assert run_dir.start is not None
            click.echo(
                f"{run_dir}: would send {_rows(run_dir.pending)} as run {run_dir.start.id} of {run_dir.start.project}"
            )
    elif unfinished or unchecked:
        config = WorkerConfig.of(Settings.read()[0])._replace(linger=patience)
        key = require_key()
        config = config_for(config, options.to)
        checked = [one for one in unchecked if options.verify or not _reason_to_leave(one, key, config, options)]
        whole += [_report_delivered(run_dir, options.to) for run_dir in unchecked if run_dir not in checked]
        wanted = [*unfinished, *checked]
        allowed = [run_dir for run_dir in wanted if _may_send(run_dir, key, config, options)]
        whole += [False] * (len(wanted) - len(allowed))
        whole += _send_all(allowed, key, config, jobs, options) if allowed else []
        if options.verify:
            whole += [_show_stored(run_dir, key, config) for run_dir in allowed]
    return 0 if all(whole) and (ours or not paths) else 1


def _is_ours(run_dir: RunDir) -> bool:
    if run_dir.start is None:
        click.echo(f"{run_dir}: skipped, not written by wandb-compat")
    return run_dir.start is not None


def _verified(state: State | None) -> str:
    """Return how certain it is that the server has stored everything."""
    if state is None or state.verified == "not yet":
        return ", accepted and not verified yet"
    if state.verified == "accepted":
        return ", accepted and not verified: this server cannot be asked"
    again = f" ({state.healed_in_words}, and has been sent again)" if state.healed else ""
    return f", verified{again}"


def _show_stored(run_dir: RunDir, key: str, config: WorkerConfig) -> bool:
    """Print what a run's journal holds beside what the server has stored; return whether all is there."""
    state = State.read(run_dir.path)
    if state is None or state.run is None or run_dir.start is None:
        return False  # not sent, which was printed
    client = Client(resolve(config.urls), key)
    return verify_runs.show(run_dir.path, StoredRun(client, state.run, state.project or run_dir.start.project))


def delivered_elsewhere(run_dir: RunDir, server: Endpoints) -> str | None:
    """Return the URL of another server that has all of a run directory, whose journal is no longer here then."""
    binding = ServerBinding.read(run_dir.path)
    if binding is None or not run_dir.delivered or not binding.created:
        return None
    return None if binding.difference(ServerBinding.of(server, key=None)) is None else binding.api


def _report_delivered(run_dir: RunDir, to: str | None) -> bool:
    """Print that everything is sent; return whether the server, or that of the URL `to`, has accepted all of it."""
    if to is not None:
        server = _endpoints(Settings.read()[0].urls, to)
        if (other := delivered_elsewhere(run_dir, server)) is not None:
            click.echo(
                f"{run_dir}: not sent to {server.api}: the server at {other} has all of it, and it is not on this disk"
                " any more; `wandb-compat import` copies runs from one server to another",
                err=True,
            )
            return False
    state = State.read(run_dir.path)
    offsets = Offsets(run_dir.path)
    click.echo(
        f"{run_dir}: on the server already{_verified(state)}{_refusals(run_dir)}" + (_where(state) if state else "")
    )
    return not offsets.refused and not offsets.damaged


def _refusals(run_dir: RunDir) -> str:
    offsets = Offsets(run_dir.path)
    damage = f"; {offsets.damage}" if offsets.damaged else ""
    if not offsets.refused:
        return damage
    reasons = offsets.refusal_reasons
    return (
        f", except {len(offsets.refused)} records that it refused: {reasons} (see {run_dir}/logs/uploader.log){damage}"
    )


def require_key() -> str:
    """Return the key of the Pluto server.

    Raises:
        click.ClickException: none exists, or it cannot be read.
    """
    credential = credentials.find(wandb_disabled=True)
    if credential is None:
        raise click.ClickException(f"no Pluto key was found: {credentials.HINT}. The rows stay in the journal")
    if key := credential.reveal():
        if (trouble := credential.trouble()) is not None:
            raise click.ClickException(trouble)
        return key
    raise click.ClickException(
        f"the Pluto key in {credential.source} cannot be read: run `wandb-compat login` again, or set PLUTO_API_KEY"
    )


def config_for(config: WorkerConfig, to: str | None) -> WorkerConfig:
    """Return the configuration with complete URLs: those of the server `to`, or else the configured ones.

    Raises:
        click.ClickException: the URLs are incomplete.
    """
    try:
        return config._replace(urls=list(_endpoints(config.urls, to)))
    except EndpointError as error:
        raise click.ClickException(str(error)) from None


def _endpoints(configured: Sequence[str | None], to: str | None) -> Endpoints:
    if to is None:
        return resolve(configured)
    with contextlib.suppress(EndpointError):
        if to.rstrip("/") in (endpoints := resolve(configured)):
            return endpoints  # its other services may be anywhere
    return server_at(to)


def _may_send(run_dir: RunDir, key: str, config: WorkerConfig, options: Options) -> bool:
    """Whether a run may be sent without a further request of the user; if not, print what to do."""
    reason = _reason_to_leave(run_dir, key, config, options)
    if reason is not None:
        click.echo(f"{run_dir}: not sent: {reason}", err=True)
    return reason is None


def _reason_to_leave(run_dir: RunDir, key: str, config: WorkerConfig, options: Options) -> str | None:
    reason = None if options.trust else recovery.untrusted(run_dir.path)
    if reason is None and options.to is None:
        reason = recovery.other_server(run_dir.path, key, config, explicit=True)
    return reason


def _send_all(run_dirs: list[RunDir], key: str, config: WorkerConfig, jobs: int, options: Options) -> list[bool]:
    """Upload run directories; return for each whether the server has all of it. Failures are independent."""
    runs: dict[tuple[str, str], list[RunDir]] = {}
    for run_dir in run_dirs:
        assert run_dir.start is not None
        runs.setdefault((run_dir.start.project, run_dir.start.target or run_dir.start.id), []).append(run_dir)
    with progress_bars(len(run_dirs)) as begin, logs_of_runs():

        def send(parts: list[RunDir]) -> list[bool]:
            return [_send(part, key, config, begin, options) for part in parts]

        with ThreadPoolExecutor(min(jobs, len(runs)), thread_name_prefix="sync") as pool:
            return [one for results in pool.map(send, runs.values()) for one in results]


def _send(run_dir: RunDir, key: str, config: WorkerConfig, begin: Begin, options: Options) -> bool:
    """Upload one run directory and print the result; return whether the server has everything."""
    current_run_dir.set(run_dir.path)
    try:
        with begin(run_dir) as show:
            worker = Worker(
                run_dir.path,
                key,
                config,
                trainer=Trainer.of_run(run_dir.path),
                follow=False,
                trusted=options.trust,
                verify=VERIFY_TIME if options.verify else 0.0,
            )
            state = worker.run(show)
    except (RunDirBusy, NoRunFound) as error:
        click.echo(f"{run_dir}: {error}", err=True)
        return False
    except OSError as error:
        click.echo(f"{run_dir}: cannot be sent from here: {error}", err=True)
        return False
    waiting = run_dir.pending
    if state.phase == "done":
        sentence = f"{_rows(state.sent)} sent, everything is on the server{_verified(state)}"
    elif state.trouble is None and not waiting:
        sentence = f"{_rows(state.sent)} sent, everything so far is on the server; the run is still running"
    else:
        lack = f"{waiting} are not on the server" if waiting else "but the run is not closed on the server"
        click.echo(
            f"{run_dir}: {_rows(state.sent)} sent, {lack}: {state.trouble}. Fix this, then sync again.", err=True
        )
        return False
    click.echo(f"{run_dir}: {sentence}{_refusals(run_dir)}{_where(state)}")
    if options.verify and state.unverified:
        click.echo(f"{run_dir}: {state.unverified} parts are not stored on the server yet. Verify again.", err=True)
        return False
    return not state.refused and not Offsets(run_dir.path).damaged


def _rows(count: int) -> str:
    return f"{count} row" if count == 1 else f"{count} rows"


def _where(state: State) -> str:
    return f" ({' '.join(filter(None, (state.display_id, state.url)))})" if state.display_id or state.url else ""
