"""`wandb-compat serve`: the embedded Pluto server in the foreground."""

from __future__ import annotations

import socket
import webbrowser
from pathlib import Path

import click

from wandb_compat.config import local_server
from wandb_compat.server import auth, discovery
from wandb_compat.server.discovery import PORT
from wandb_compat.server.serve import Server, ServerError
from wandb_compat.system.shell import assignment
from wandb_compat.wire.endpoints import VARIABLES

ALL_INTERFACES = ("0.0.0.0", "::")


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help=f"Data directory.  [default: {local_server.data_dir()}]",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="0 chooses a free one.")
@click.option("--open", "browser", is_flag=True, help="Open the page in the browser, signed in.")
@click.option("--background", is_flag=True, help="Start the server in the background, unless it runs.")
@click.option("--stop", is_flag=True, help="Stop the background server of the data directory.")
def command(data: Path | None, host: str, port: int, browser: bool, background: bool, stop: bool) -> None:
    """Serve Pluto on this machine until Ctrl-C.

    Runs, metrics and files are in one directory. A key is always required; the first start makes it. Without `--host`
    only this machine can reach the server; the connection is not encrypted. The printed link signs a browser in, once,
    within ten minutes.

    Example: wandb-compat serve --open
    """
    data_dir = (data or local_server.data_dir()).absolute()
    if stop:
        click.echo(
            "The server has stopped."
            if discovery.stop(data_dir)
            else f"No server is running for the data directory {data_dir}."
        )
        return
    if background:
        try:
            found, new = discovery.find_or_start(data_dir)
        except discovery.StartError as error:
            raise click.ClickException(str(error)) from None
        click.echo(f"The Pluto server {'has started' if new else 'runs already'} at {found.url}, data in {data_dir}.")
        if browser:
            _show(auth.sign_in_link(found.url, found.key))
        return
    if (running := local_server.find_running(data_dir)) is not None:
        link = auth.sign_in_link(running.url, running.key)
        if browser:
            _show(link)
        else:
            click.echo(f"The server of {data_dir} runs already, as process {running.pid}. Its page, signed in: {link}")
        return
    try:
        server = Server(data_dir, host, port)
    except ServerError as error:
        raise click.ClickException(str(error)) from None
    url = server.url
    if host in ALL_INTERFACES:
        url = f"http://{socket.gethostname()}:{url.rpartition(':')[2]}"

    def announce() -> None:
        click.echo(f"Pluto server at {url}, data in {server.key_file.parent}. Stop it with Ctrl-C.")
        page = auth.sign_in_link(url, server.key)
        click.echo(f"The page, signed in: {page}")
        if browser:
            _show(page)
        click.echo("\nIn the terminal that runs your script:\n")
        click.echo(assignment("PLUTO_API_KEY", server.key))
        for variable in VARIABLES:
            click.echo(assignment(variable, url))

    server.run(announce)


def _show(page: str) -> None:
    if not webbrowser.open(page):
        click.echo(f"No browser was found. Open this link in yours: {page}")
