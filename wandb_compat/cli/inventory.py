"""`wandb-compat inventory`: the names of wandb that a code base uses, and how each is supported."""

from __future__ import annotations

from pathlib import Path

import click

PLACES = 3  # that are shown of a name


@click.command(short_help="List the names of wandb that a code base uses.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print all places of all names as JSON.")
def command(paths: tuple[Path, ...], as_json: bool) -> None:
    """List the names of wandb that Python files and notebooks below PATHS use, and how each is supported.

    The files are parsed and not run. What needs attention comes first: `unknown` is no name of the wandb that we
    serve, `refused` raises and suggests an alternative, `accepted` changes nothing, `mapped` arrives in another form,
    `full` is as in wandb.

    Example: wandb-compat inventory src scripts
    """
    import json
    from collections import Counter

    from wandb_compat.cli.native_process import run_native

    answer = run_native("wandb._native.inventory", *map(str, paths))
    if as_json:
        click.echo(answer.strip())
        return
    rows = json.loads(answer)
    for name, level, how, uses, places in rows:
        click.echo(f"{level:<9} {name:<44} {uses:>5} use{'s' if uses != 1 else ''}")
        if level != "full":
            if how:
                click.echo(f"          {how}")
            more = f" and {uses - PLACES} more" if uses > PLACES else ""
            click.echo(f"          {', '.join(places[:PLACES])}{more}")
    counts = Counter(level for _, level, *_ in rows)
    parts = [f"{count} {level}" for level, count in counts.items()]
    click.echo(f"{len(rows)} names of wandb are used: {', '.join(parts)}." if rows else "No name of wandb is used.")
