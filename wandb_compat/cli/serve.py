"""`wandb-compat serve`: the embedded Pluto server in the foreground."""

from __future__ import annotations

import os
import shlex
import socket
from pathlib import Path

import click

from wandb_compat.local.serve import Server, ServerError
from wandb_compat.wire.endpoints import VARIABLES

PORT = 7480
EVERYWHERE = ("0.0.0.0", "::")


def data_folder() -> Path:
    """Return where the server keeps its data unless it is told otherwise."""
    home = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA") or "~/.local/share"
    return Path(home).expanduser() / "wandb-compat" / "server"


@click.command()
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), help=f"Data folder.  [default: {data_folder()}]"
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
def command(data: Path | None, host: str, port: int) -> None:
    """Serve Pluto on this machine until Ctrl-C.

    Runs, metrics and files are kept in one folder. A key is always required; it is made on the first start. Without
    `--host` only this machine reaches the server; the connection is not encrypted.
    """
    try:
        server = Server(data or data_folder(), host, port)
    except ServerError as error:
        raise click.ClickException(str(error)) from None
    url = server.url
    if host in EVERYWHERE:
        url = f"http://{socket.gethostname()}:{url.rpartition(':')[2]}"

    def announce() -> None:
        click.echo(f"Pluto server at {url}, data in {server.key_file.parent}. Stop it with Ctrl-C.")
        click.echo("\nIn the terminal that runs your script:\n")
        click.echo(f"export PLUTO_API_KEY={shlex.quote(server.key)}")
        for variable in VARIABLES:
            click.echo(f"export {variable}={shlex.quote(url)}")

    server.run(announce)
