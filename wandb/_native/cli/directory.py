"""`wandb init`, `wandb offline` and similar commands: the defaults for scripts in a folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from wandb.sdk.lib.settings_file import SettingsFiles
from wandb.sdk.wandb_setup import singleton
from wandb_compat.cli.status import command as runs
from wandb_compat.config.settings import Settings
from wandb_compat.wire.endpoints import resolve
from wandb_compat.wire.errors import EndpointError

SHOWN = ("base_url", "entity", "project", "organization", "git_remote", "ignore_globs", "root_dir")
KEPT = ("entity", "project", "mode")


def _files() -> SettingsFiles:
    return singleton().settings.read_system_settings()


@click.command()
@click.option("-p", "--project", help="Project of the folder's runs.")
@click.option("-e", "--entity", help="Kept with the runs.")
@click.option("-m", "--mode", type=click.Choice(["online", "offline", "disabled", "dryrun", "run", "shared"]))
@click.option("--reset", is_flag=True, help="Forget what was set before.")
def init(project: str | None, entity: str | None, mode: str | None, reset: bool) -> None:
    """Set project, entity and mode for the scripts that run in this folder."""
    given = {"project": project, "entity": entity, "mode": mode}
    if not reset and not any(given.values()):
        given["project"] = click.prompt("Which project shall the runs of this folder go to?", default=Path.cwd().name)
    files = _files()
    for key in KEPT if reset else ():
        files.clear(key)
    for key, value in given.items():
        if value:
            files.set(key, value)
    files.save()
    click.echo(f"This folder's settings: {json.dumps({key: files.all().get(key) for key in KEPT})}")


def _mode(name: str, mode: str | None, message: str, help: str, hidden: bool = False) -> click.Command:
    """Return a command that sets the folder's mode; None forgets it."""

    def callback(**_: bool) -> None:
        files = _files()
        if mode is None:
            files.clear("mode")
        else:
            files.set("mode", mode)
        files.save()
        click.echo(message)

    # `--service` was a switch of wandb's own process.
    options: list[click.Parameter] = (
        [click.Option(["--service"], is_flag=True, help="Accepted; it has no effect.")]
        if name in ("disabled", "enabled")
        else []
    )
    return click.Command(name, callback=callback, params=options, help=help, hidden=hidden)


_OFFLINE = "offline: runs of this folder stay on disk until `wandb sync`. `wandb disabled` keeps nothing at all."
_ONLINE = "online: runs of this folder go to Pluto."
MODES = (
    _mode("offline", "offline", _OFFLINE, "Keep the runs of this folder on disk."),
    _mode("off", "offline", _OFFLINE, "As `wandb offline`.", hidden=True),
    _mode("online", None, _ONLINE, "Undo `wandb offline`."),
    _mode("on", None, _ONLINE, "As `wandb online`.", hidden=True),
    _mode("disabled", "disabled", "disabled: scripts of this folder log nothing.", "Log nothing in this folder."),
    _mode("enabled", "online", "enabled: scripts of this folder log again.", "Undo `wandb disabled`."),
)


def _pluto_url() -> str | None:
    """Return where runs go; None while the URLs are incomplete. The setting itself is that of wandb's own server."""
    try:
        return resolve(Settings.read()[0].urls).app
    except EndpointError:
        return None


@click.command()
@click.option("--settings/--no-settings", default=True, help="Whether to show the settings.")
@click.pass_context
def status(ctx: click.Context, settings: bool) -> None:
    """Show the settings that a run would get here, and how far the runs on disk are on their way."""
    if settings:
        current = singleton().settings
        values: dict[str, Any] = {**{name: getattr(current, name) for name in SHOWN}, "base_url": _pluto_url()}
        click.echo("Current Settings")
        click.echo(json.dumps(values, sort_keys=True, indent=2, separators=(",", ": "), default=list))
    forward: Callable[..., Any] = ctx.invoke
    forward(runs, path=None)
