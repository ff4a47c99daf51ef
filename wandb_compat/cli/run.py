"""`wandb-compat run`: starts a command with the drop-in `wandb`, also where `.pth` files are not read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from wandb_compat.config import credentials, local_server, login_choice
from wandb_compat.import_hook import mode
from wandb_compat.import_hook.switch import dropin_root

NOT_FOUND, NOT_EXECUTABLE = 127, 126  # exit codes, as shells give them


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--local", is_flag=True, help="Log to the server of this machine, and start it when it is not running.")
@click.argument("line", metavar="[--] COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
def command(line: tuple[str, ...], local: bool) -> None:
    """Run a command with the drop-in `wandb` first on the path.

    Needed only where Python does not read the start-up file of the installation: `python -S`, directories made with
    `pip install --target`, zip apps. Signals and the exit code pass through.

    With `--local`, and when neither a Pluto key nor the real wandb is there, you need no account: runs are logged to
    the embedded server of this machine, which runs in the background until `wandb-compat serve --stop`.

    A command that begins with the name of a Python file, or with `-m`, is run with this Python.

    Example: wandb-compat run --local train.py --lr 0.1
    """
    if line[0] == "-m" or (line[0].endswith(".py") and Path(line[0]).is_file()):
        line = (sys.executable, *line)
    path = [dropin_root(), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))}
    if local or _is_unconfigured():
        environment |= _local()
    try:
        if sys.platform == "win32":  # exec would return to the shell at once
            sys.exit(subprocess.run(line, env=environment).returncode)
        os.execvpe(line[0], line, environment)
    except OSError as error:
        click.echo(f"Error: {line[0]} cannot be run: {error.strerror}", err=True)
        sys.exit(NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE)


def _is_unconfigured() -> bool:
    """Whether runs would go nowhere: no real wandb, no key, no server named, and no choice to keep them on disk."""
    offline = os.environ.get("WANDB_MODE", os.environ.get("PLUTO_MODE", "online")) != "online"
    return (
        not offline
        and mode.decide().name == "pluto"
        and login_choice.read() is None
        and not login_choice.names_server()
        and credentials.find(wandb_disabled=True) is None
    )


def _local() -> dict[str, str]:
    """Return the variables that lead to the server of this machine, and say where its page is."""
    from wandb_compat.server import auth, discovery
    from wandb_compat.server.serve import environment

    try:
        server, new = discovery.find_or_start(local_server.data_dir())
    except discovery.StartError as error:
        raise click.ClickException(str(error)) from None
    link = auth.sign_in_link(server.url, server.key)
    click.echo(f"Logging to the Pluto server of this machine{', just started' if new else ''}: {link}", err=True)
    return environment(server.url, server.key)
