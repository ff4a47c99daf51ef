"""`wandb-compat run`: starts a command that gets the drop-in `wandb` also where `.pth` files are not read."""

from __future__ import annotations

import os
import subprocess
import sys

import click

from wandb_compat.startup import dropin_root

NOT_FOUND, NOT_EXECUTABLE = 127, 126  # exit codes, as shells give them


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("line", metavar="[--] COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
def command(line: tuple[str, ...]) -> None:
    """Run a command with the drop-in wandb in front.

    Needed only where Python does not read the start-up file of the installation: `python -S`, folders made with `pip
    install --target`, zip apps. Signals and the exit code pass through.

    Example: wandb-compat run -- python train.py --lr 0.1
    """
    path = [dropin_root(), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))}
    try:
        if sys.platform == "win32":  # exec would return to the shell at once
            sys.exit(subprocess.run(line, env=environment).returncode)
        os.execvpe(line[0], line, environment)
    except OSError as error:
        click.echo(f"Error: {line[0]} cannot be run: {error.strerror}", err=True)
        sys.exit(NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE)
