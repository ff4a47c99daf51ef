"""`wandb-compat verify-server`: checks whether a Pluto server behaves as wandb-compat and `wandb.Api` expect."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table

from wandb_compat.config import credentials
from wandb_compat.config.settings import Settings
from wandb_compat.conformance.cases import Check, load
from wandb_compat.conformance.runner import Patience, Result, Runner
from wandb_compat.wire.client import Client
from wandb_compat.wire.endpoints import VARIABLES, Endpoints, resolve, server_at
from wandb_compat.wire.errors import EndpointError, WireError

NO_SERVER = 2  # exit code
LATE = 340.0  # seconds: a Pluto server updates its statistics every five minutes


@click.command(short_help="Check a Pluto server before you log to it.")
@click.option("--url", help="The server: its page, API or only URL.  [default: as scripts find it]")
@click.option("--ingest-url", help="The server's ingest service, if it has another address.")
@click.option("--py-url", help="The server's heartbeat service, if it has another address.")
@click.option("--key", help="The key.  [default: as scripts find it]")
@click.option("--area", "areas", multiple=True, metavar="AREA", help="Run the checks of this area only; repeatable.")
@click.option("--statistics", is_flag=True, help="Also check statistics, which can take six minutes.")
@click.option(
    "--settle", default=8.0, show_default=True, help="Seconds until the server has stored what it acknowledged."
)
@click.option("--verbose", is_flag=True, help="Show each check.")
def command(
    url: str | None,
    ingest_url: str | None,
    py_url: str | None,
    key: str | None,
    areas: tuple[str, ...],
    statistics: bool,
    settle: float,
    verbose: bool,
) -> None:
    """Check whether a Pluto server behaves as wandb-compat, `wandb.Api` and `pluto.query` expect.

    The checks run in a scratch project whose name is printed. Its runs are ended afterwards; a key cannot delete them,
    so delete the project on the server's page. Exit code: 0 if all that wandb-compat needs holds, 1 if not, 2 if the
    server cannot be reached or refuses the key.

    Example: wandb-compat verify-server --url https://pluto-api.example.com --key mlpi_...
    """
    try:
        endpoints = _endpoints(url, ingest_url, py_url)
        key = key or _stored_key()
        Client(endpoints, key).check()
    except (EndpointError, WireError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(NO_SERVER)
    checks = load()
    unknown = set(areas) - {check.area for check in checks}
    if unknown:
        known = ", ".join(dict.fromkeys(check.area for check in checks))
        raise click.UsageError(f"Unknown area {', '.join(sorted(unknown))}; there are {known}.")
    chosen = [check for check in checks if not areas or check.area in areas]
    patience = Patience(stored=2.5 * settle, late=LATE if statistics else 0.0, settle=settle)
    runner = Runner(endpoints, key, patience)
    click.echo(f"{len(chosen)} checks of {endpoints.api} in the project {runner.project}")
    try:
        results = list(runner.run(chosen))
    finally:
        ended = runner.clean_up()
    _report(results, verbose)
    click.echo(f"{ended} runs were ended. Delete the project {runner.project} on the server's page.")
    sys.exit(1 if any(result.difference and not result.check.known for result in results) else 0)


def _endpoints(url: str | None, ingest_url: str | None, py_url: str | None) -> Endpoints:
    if url is None and ingest_url is None and py_url is None:
        return resolve(Settings.read()[0].urls)
    base: Sequence[str | None] = [None] * len(VARIABLES) if url is None else server_at(url)
    return resolve([*base[:2], ingest_url or base[2], py_url or base[3]])


def _stored_key() -> str:
    credential = credentials.find(wandb_disabled=True)
    key = credential.reveal() if credential else None
    if key is None:
        raise WireError(f"there is no Pluto key: {credentials.HINT}")
    return key


def _report(results: list[Result], verbose: bool) -> None:
    """Print what holds by area, then each difference with what it means."""
    console = Console(soft_wrap=True)
    table = Table("area", "holds", "differs", "differs, harmless", "skipped", box=None, pad_edge=False)
    for area in dict.fromkeys(result.check.area for result in results):
        counts = Counter(_verdict(result) for result in results if result.check.area == area)
        table.add_row(area, *(str(counts[verdict]) for verdict in ("holds", "differs", "harmless", "skipped")))
    console.print(table)
    for result in results:
        if verbose or _verdict(result) == "differs":
            _print_result(console, result.check, result)
    harmless = [result for result in results if _verdict(result) == "harmless"]
    if harmless and not verbose:
        console.print("\nWithout consequences, as wandb-compat handles both:")
        for result in harmless:
            console.print(f"  {result.check.that} ({result.difference})", markup=False)
    if any(_verdict(result) == "skipped" for result in results):
        console.print("\nStatistics were not checked; --statistics does it.")


def _print_result(console: Console, check: Check, result: Result) -> None:
    console.print(f"\n{_verdict(result)}: {check.area}: {check.that}", markup=False)
    if result.difference:
        console.print(f"  {result.difference}", markup=False)
        console.print(f"  Meaning: {check.unless}", markup=False)


def _verdict(result: Result) -> str:
    if result.difference is None:
        return "skipped"
    if not result.difference:
        return "holds"
    return "harmless" if result.check.known else "differs"
