"""`wandb-compat compare`: compares what the real wandb has recorded of runs with their copies in Pluto."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from wandb_compat.cli.compare_many import Result


@click.command(short_help="Compare local wandb runs with their Pluto copies.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[RUN]...")
@click.option("--all", "everything", is_flag=True, help="Compare all runs below the paths, by default this folder.")
@click.option("--project", help="The project on the Pluto server; by default that of dual mode, or of wandb.")
@click.option("--content", is_flag=True, help="Download files and compare digests; otherwise sizes are compared.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
@click.option("--html", "page", type=click.Path(path_type=Path), help="Also write the result to an HTML page.")
def command(
    paths: tuple[Path, ...], everything: bool, project: str | None, content: bool, as_json: bool, page: Path | None
) -> None:
    """Show what differs between the local wandb records of runs and the same runs on the Pluto server.

    RUN is a directory such as wandb/run-20260101_000000-abc or wandb/latest-run, or the .wandb file in it. With
    several, or with --all, a table shows the runs that are not the same. Everything that the server gives is compared:
    numbers, texts, histograms, tables, config, summary, name, notes, tags, media, files, artifacts, console lines,
    definitions, and how the run ended. The exit code is 0 when nothing differs, 1 when something does, 2 when a
    comparison is not possible, and 3 when nothing differs but some values could not be looked at.

    Example: wandb-compat compare wandb/latest-run
    """
    from wandb_compat.cli import compare_many  # slow to import, and not needed for --help
    from wandb_compat.cli.compare_pluto import CannotCompare
    from wandb_compat.cli.compare_report import show

    if not paths and not everything:
        raise click.UsageError("Name a run, such as wandb/latest-run, or give --all.")
    if everything or len(paths) > 1:
        folders = compare_many.find_runs(paths or (Path(),), project)
        if not folders:
            raise CannotCompare(f"no run of wandb is below {', '.join(map(str, paths)) or 'this folder'}")
        show_line = (lambda result: None) if as_json else (lambda result: click.echo(result.line))
        results = compare_many.compare_all(folders, project, content, show_line)
    else:
        results = [_one(paths[0], project, content)]
    if page is not None:
        page.write_text(compare_many.page(results), encoding="utf-8")
    if as_json:
        documents = [result.document() for result in results]
        one = documents[0] if not everything and len(paths) == 1 else {"runs": documents}
        click.echo(json.dumps(one, default=str))
    elif not everything and len(paths) == 1 and results[0].report is not None:
        show(results[0].report)
    else:
        click.echo()
        compare_many.show_table(results)
    sys.exit(compare_many.exit_code_of(results))


def _one(path: Path, project: str | None, content: bool) -> Result:
    from wandb_compat.cli.compare_many import Result
    from wandb_compat.cli.compare_pluto import CannotCompare
    from wandb_compat.cli.compare_runs import compare

    try:
        return Result(path, compare(path, project, whole=content))
    except click.ClickException:
        raise
    except Exception as error:  # exit code 1 would mean that the two differ
        raise CannotCompare(f"the comparison failed: {type(error).__name__}: {error}") from error
