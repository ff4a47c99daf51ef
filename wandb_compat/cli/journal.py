"""`wandb-compat journal`: shows the journal of a run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from wandb_compat.spool import journal

FRAME = len(journal.frame([b""]))  # bytes of a record's line besides its document


@click.group()
def command() -> None:
    """Show the journal of a run.

    A run directory has `run-<id>.wandb`, and a directory `journal` with further files of the same format. Each
    record is one line: the byte 0x1e, the CRC-32 of what follows the next blank in eight hexadecimal digits, a
    blank, the kind, a blank, a JSON text. The first record of a file has the kind `journal` and names version, run
    and writer, the last of a complete file the kind `end`. Lines with a wrong checksum are skipped.
    `journal/uploader.journal` records what the server has.
    """


@command.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--kind", help="Show the records of one kind only: start, row, data, key, config, console, exit…")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after this many records.")
def show(path: Path, kind: str | None, limit: int | None) -> None:
    """Print the records of a file, or of all files of a run directory.

    One line of JSON each: {"kind": …, "document": …}; a number may be NaN or Infinity. Damaged bytes are reported on
    standard error, and the exit code is 1 when there are any.
    """
    files = journal.files(path) if path.is_dir() else [path]
    if not files:
        raise click.ClickException(f"{path} has no journal; name a file, or a run directory such as wandb/latest-run")
    shown, damaged = 0, False
    for file in files:
        for found in records_of(file):
            if isinstance(found, str):
                damaged |= found.endswith("damaged")
                click.echo(f"{file}: {found}", err=True)
            elif kind is None or found.kind == kind.encode():
                click.echo(b'{"kind": "%b", "document": %b}' % (found.kind, found.document))
                shown += 1
                if shown == limit:
                    sys.exit(damaged)
    sys.exit(damaged)


def records_of(file: Path) -> Iterator[journal.Entry | str]:
    """Yield the intact records of a file, and a message for each range of other bytes."""
    position = intact = 0
    for entries, end in journal.read(file):
        for entry in entries:
            begin = entry.end - len(entry.line) - FRAME
            if begin > position:
                yield f"{begin - position} bytes from {position} on are damaged"
            yield entry
            position = entry.end
        intact = end
    if intact > position:
        yield f"{intact - position} bytes from {position} on are damaged"
    if (size := file.stat().st_size) > intact:
        yield f"the last {size - intact} bytes are an incomplete record: it is still being written, or was interrupted"
