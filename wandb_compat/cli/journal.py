"""`wandb-compat journal`: shows what lies in the journal of a run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from wandb_compat.spool import journal

FRAME = len(journal.frame([b""]))  # bytes of a record's line that are not its text


@click.group()
def command() -> None:
    """Look into the journal of a run.

    A run folder holds `run-<id>.wandb` and a folder `journal` with further files of the same form. Each record is one
    line: the byte 0x1e, the CRC-32 of what follows the next blank in eight hexadecimal digits, a blank, the kind, a
    blank, a JSON text. The first record of a file has the kind `journal` and names version, run and writer, the last
    of a complete file the kind `end`. Lines with a wrong checksum are passed over. `journal/uploader.journal` notes
    what the server has.
    """


@command.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--kind", help="Show the records of one kind only: start, row, data, key, config, console, exit…")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after so many records.")
def show(path: Path, kind: str | None, limit: int | None) -> None:
    """Print the records of a file, or of all files of a run folder.

    One line of JSON each: {"kind": …, "document": …}; a number may be NaN or Infinity. Damaged bytes are reported on
    standard error, and the exit code is 1 when there are any.
    """
    files = journal.files(path) if path.is_dir() else [path]
    if not files:
        raise click.ClickException(f"{path} holds no journal; name a file, or a run folder such as wandb/latest-run")
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
    """Yield the sound records of a file, and a sentence for each stretch of bytes that is none."""
    place = whole = 0
    for entries, end in journal.read(file):
        for entry in entries:
            begin = entry.end - len(entry.line) - FRAME
            if begin > place:
                yield f"{begin - place} bytes from {place} on are damaged"
            yield entry
            place = entry.end
        whole = end
    if whole > place:
        yield f"{whole - place} bytes from {place} on are damaged"
    if (size := file.stat().st_size) > whole:
        yield f"the last {size - whole} bytes are an unfinished record: the writer is at it, or was cut off"
