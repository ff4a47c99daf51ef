"""`wandb-compat shim`: writes the command `wandb` for environments without the real wandb."""

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


@click.command(short_help="Install the command `wandb`, when the real wandb is not installed.")
@click.option("--remove", is_flag=True, help="Remove it.")
def command(remove: bool) -> None:
    """Write the command `wandb` beside this environment's Python; it runs `python -m wandb`.

    The installation does not include it, because it would overwrite the real wandb's. Installing the real wandb
    overwrites it. A `wandb` that this command has not written stays as it is.

    Example: wandb-compat shim
    """
    windows = os.name == "nt"
    path = Path(sysconfig.get_path("scripts"), "wandb.cmd" if windows else "wandb")
    program = path.with_suffix(".exe") if windows else path
    taken = next((one for one in {path, program} if one.exists() and MARK not in _text(one)), None)
    if taken is not None:
        raise click.ClickException(f"{taken} was not written by this command: `pip uninstall wandb` first, or keep it")
    if remove:
        path.unlink(missing_ok=True)
        click.echo(f"{path} is removed.")
        return
    try:
        path.write_text((_WINDOWS if windows else _POSIX).format(python=sys.executable), encoding="utf-8")
        path.chmod(0o755)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}; use `python -m wandb`") from error
    click.echo(f"{path} now runs `python -m wandb`.")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
