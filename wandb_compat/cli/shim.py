"""`wandb-compat shim`: the command `wandb` for environments in which no real wandb is installed."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

import click

MARK = "made by wandb-compat shim"
_POSIX = f"""#!/bin/sh
# {MARK}
exec "{{python}}" -m wandb "$@"
"""
_WINDOWS = f"""@rem {MARK}
@"{{python}}" -m wandb %*
"""


@click.command(short_help="Put the command `wandb` on the PATH, where no real wandb has one.")
@click.option("--remove", is_flag=True, help="Take it away again.")
def command(remove: bool) -> None:
    """Write `wandb` beside this environment's Python; it is `python -m wandb`.

    The installation does not bring it, as it would overwrite the real wandb's. pip overwrites it in turn when the real
    wandb is installed. One that this command has not written is left alone.
    """
    windows = os.name == "nt"
    path = Path(sysconfig.get_path("scripts"), "wandb.cmd" if windows else "wandb")
    program = path.with_suffix(".exe") if windows else path
    taken = next((one for one in {path, program} if one.exists() and MARK not in _text(one)), None)
    if taken is not None:
        raise click.ClickException(f"{taken} is there and not ours: `pip uninstall wandb` first, or leave it as it is")
    if remove:
        path.unlink(missing_ok=True)
        click.echo(f"{path} is gone.")
        return
    try:
        path.write_text((_WINDOWS if windows else _POSIX).format(python=sys.executable), encoding="utf-8")
        path.chmod(0o755)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}; use `python -m wandb`") from error
    click.echo(f"{path} is `python -m wandb` from now on.")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
