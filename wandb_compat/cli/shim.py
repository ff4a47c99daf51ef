"""`wandb-compat shim`: the command `wandb` and a stand-in distribution, for environments without the real wandb."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

import click

from wandb_compat.cli import stand_in
from wandb_compat.import_hook import real_wandb

_POSIX = f"""#!/bin/sh
# {stand_in.MARK}
exec "{{python}}" -m wandb "$@"
"""
_WINDOWS = f"""@rem {stand_in.MARK}
@"{{python}}" -m wandb %*
"""

OFFER = "the command `wandb` is missing: `wandb-compat shim` installs it, for scripts that call `wandb sync` and others"


@click.command(short_help="Install the command `wandb`, when the real wandb is not installed.")
@click.option(
    "--distribution", is_flag=True, help="Also install a distribution `wandb`, for resolvers and `pip check`."
)
@click.option(
    "--wheel",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write that distribution as a wheel instead, for a private package index.",
)
@click.option("--remove", is_flag=True, help="Remove the command and the distribution.")
def command(distribution: bool, folder: Path | None, remove: bool) -> None:
    """Write the command `wandb` beside this environment's Python; it runs `python -m wandb`.

    The installation does not include it, because it would overwrite the real wandb's. A `wandb` that this command has
    not written stays as it is.

    The distribution contains no modules. Packages that require wandb can then be installed without the real one. It
    satisfies `pip install wandb` too: run `wandb-compat shim --remove` before you install the real wandb, or name
    another version.

    Example: wandb-compat shim --distribution
    """
    if distribution + (folder is not None) + remove > 1:
        raise click.UsageError("--distribution, --wheel and --remove exclude each other.")
    try:
        if folder is not None:
            click.echo(f"{stand_in.build_wheel(folder)} is written.")
        elif remove:
            _remove()
        else:
            _install(distribution)
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or sysconfig.get_path('scripts')} cannot be written: {error.strerror};"
            " use `python -m wandb`"
        ) from error


def is_offered() -> bool:
    """Return whether the command `wandb` is missing and no real wandb is installed."""
    import shutil

    path, program = _paths()
    return not (path.exists() or program.exists() or shutil.which("wandb") or real_wandb.find_spec())


def _paths() -> tuple[Path, Path]:
    """Return our script, and the program that it would replace or precede."""
    path = Path(sysconfig.get_path("scripts"), "wandb.cmd" if os.name == "nt" else "wandb")
    return path, path.with_suffix(".exe") if os.name == "nt" else path


def _check_ours() -> None:
    if stand_in.find() is not None:
        return
    for path in dict.fromkeys(_paths()):
        if path.exists() and stand_in.MARK not in path.read_text(encoding="utf-8", errors="replace"):
            raise click.ClickException(
                f"{path} was not written by this command: `pip uninstall wandb` first, or keep it"
            )


def _install(distribution: bool) -> None:
    _check_ours()
    if (real := real_wandb.find_spec()) is not None:
        raise click.ClickException(f"the real wandb is installed ({real.origin}): `pip uninstall wandb` first")
    path, _ = _paths()
    if distribution:
        stand_in.remove()  # an older one, with the command that belongs to it
    path.write_text((_WINDOWS if os.name == "nt" else _POSIX).format(python=sys.executable), encoding="utf-8")
    path.chmod(0o755)
    if distribution:
        click.echo(f"{stand_in.install(path)} is the distribution wandb {stand_in.RELEASE}.")
    click.echo(f"{path} now runs `python -m wandb`.")


def _remove() -> None:
    _check_ours()
    if stand_in.remove():
        click.echo("The distribution is removed.")
    path, _ = _paths()
    path.unlink(missing_ok=True)
    click.echo(f"{path} is removed.")
