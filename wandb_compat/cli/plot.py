"""`wandb-compat plot`: metrics of a run of this machine's server, drawn in the terminal."""

from __future__ import annotations

import json
import math
import shutil
import struct
from array import array
from pathlib import Path
from typing import Any

import click

BRAILLE = 0x2800
# Bits of the dots of a braille character, by column and row.
DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
MARGIN = 12  # characters left of a drawing, for numbers
HEIGHT = 12  # lines of a drawing

Bucket = tuple[float, float, float]  # step, lowest and highest value


@click.command()
@click.argument("run")
@click.argument("keys", metavar="KEY...", nargs=-1)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Data directory of the server.")
@click.option("--log", "logarithmic", is_flag=True, help="Logarithmic values.")
def command(run: str, keys: tuple[str, ...], data: Path | None, logarithmic: bool) -> None:
    """Draw metrics of a run over its steps.

    RUN is the run's number, its display id such as VIS-3, or its wandb id, on the embedded server of this machine.
    Without a KEY the run's keys are listed.

    Example: wandb-compat plot VIS-3 loss
    """
    import requests

    from wandb_compat.config import local_server

    data_dir = (data or local_server.data_dir()).absolute()
    server = local_server.find_running(data_dir)
    if server is None:
        raise click.ClickException(
            f"No server is running for the data directory {data_dir}. Start it with: wandb-compat serve"
        )
    session = requests.Session()
    session.trust_env = False  # the server is on this machine: no proxy leads there
    session.headers["Authorization"] = f"Bearer {server.key}"

    def ask(view: str, **query: str) -> Any:
        answer = session.get(f"{server.url}/page/{view}", params=query, timeout=60)
        if not answer.ok:
            problem = answer.json()["error"]  # a text, or an object where a field failed validation
            raise click.ClickException(problem["message"] if isinstance(problem, dict) else problem)
        return answer.json()

    number = ask("find", run=run)["run"]
    known = ask("runs", runs=str(number))["metrics"]
    if not keys:
        click.echo("\n".join(known) or "The run has no metrics.")
        return
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise click.ClickException(f"The run has no metric {', '.join(unknown)}; it has {', '.join(known) or 'none'}")
    width = max(20, shutil.get_terminal_size().columns - MARGIN - 1)
    asked = {"runs": [number], "keys": list(keys), "width": 2 * width}
    body = session.post(f"{server.url}/page/charts", json=asked, timeout=60).content
    for key, line in _lines(body):
        click.echo(f"{key}\n" + "\n".join(drawing(line, width, HEIGHT, logarithmic)) + "\n")


def drawing(line: list[Bucket], width: int, height: int, logarithmic: bool = False) -> list[str]:
    """Return the lines of text that show a metric: each bucket is a stroke from its lowest to its highest value."""
    there = [bucket for bucket in line if math.isfinite(bucket[1]) and not (logarithmic and bucket[1] <= 0)]
    if not there:
        return [" " * MARGIN + "no value that can be drawn"]
    scale = math.log10 if logarithmic else float
    low, high = min(scale(bucket[1]) for bucket in there), max(scale(bucket[2]) for bucket in there)
    first, last = there[0][0], there[-1][0]
    columns, rows = 2 * width, 4 * height
    cells = [[0] * width for _ in range(height)]

    def row(value: float) -> int:
        share = (scale(value) - low) / (high - low) if high > low else 0.5
        return rows - 1 - round(share * (rows - 1))

    before: tuple[int, int, int] | None = None  # column, highest and lowest row of the last stroke
    for step, least, most in there:
        column = round((step - first) / (last - first) * (columns - 1)) if last > first else 0
        top, bottom = row(most), row(least)
        strokes = [(column, top, bottom)]
        if before is not None:  # a line connects the middles of two strokes
            for between in range(before[0] + 1, column + 1):
                share = (between - before[0]) / (column - before[0])
                middles = [(before[1] + before[2]) / 2, (top + bottom) / 2]
                shares = (share - 1 / (column - before[0]), share)
                ends = sorted(round(middles[0] + part * (middles[1] - middles[0])) for part in shares)
                strokes.append((between, ends[0], ends[1]))
        before = strokes[0]
        for at, start, end in strokes:
            for dot in range(start, end + 1):
                cells[dot // 4][at // 2] |= DOTS[at % 2][dot % 4]
    shown = {0: high, height // 2: (low + high) / 2, height - 1: low}
    text = []
    for place, line_of_cells in enumerate(cells):
        value = shown.get(place)
        label = "" if value is None else f"{10**value if logarithmic else value:.5g}"
        text.append(
            f"{label:>{MARGIN - 2}} ┤" + "".join(chr(BRAILLE + dots) for dots in line_of_cells).rstrip(chr(BRAILLE))
        )
    left, right = f"{first:.0f}", f"{last:.0f}"
    text.append(" " * MARGIN + left + right.rjust(max(0, width - len(left))))
    return text


def _lines(body: bytes) -> list[tuple[str, list[Bucket]]]:
    """Return key and buckets of each line in an answer of `/page/charts`."""
    (length,) = struct.unpack_from("<I", body)
    found = []
    at = 4 + length
    for line in json.loads(body[4:at])["lines"]:
        count = line["length"]
        columns = array("d", body[at : at + 48 * count])
        at += 48 * count
        steps, lows, highs = columns[:count], columns[2 * count : 3 * count], columns[3 * count : 4 * count]
        found.append((line["key"], list(zip(steps, lows, highs, strict=True))))
    return found
