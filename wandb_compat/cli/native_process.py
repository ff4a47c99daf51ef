"""Asks the native package something, from a process in pluto mode: this one may have another wandb."""

from __future__ import annotations

import os
import subprocess
import sys

import click


def run_native(module: str, *arguments: str) -> str:
    """Run a module of the native package and return what it prints.

    Args:
        module: such as `wandb._native.support_table`.
        arguments: of the command line.

    Raises:
        click.ClickException: it fails.
    """
    environment = {**os.environ, "DISABLE_WANDB_LOGGING": "true", "WANDB_COMPAT": "", "PYTHONIOENCODING": "utf-8"}
    words = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode:
        raise click.ClickException(f"the names of wandb cannot be listed: {done.stderr.strip().rpartition(chr(10))[2]}")
    return done.stdout
