"""Brings annotated data sets from Prodigy's database into tables."""

from __future__ import annotations

import base64
import io
import json
import urllib.request
from typing import Any

import wandb
from wandb._native.integrations.active_run import active_run
from wandb.errors.term import termwarn


def upload_dataset(dataset_name: str) -> None:
    """Log a data set.

    In Pluto: a table under the set's name, with a column for each field; images also as such, in `image_visual`; what
    is nested as JSON.

    Args:
        dataset_name: its name in Prodigy's database.

    Raises:
        wandb.Error: no run is active, or Prodigy is not installed.
    """
    run = active_run("upload_dataset()")
    database = wandb.util.get_module(
        "prodigy.components.db", required="Prodigy is not installed: see https://prodi.gy/docs/install"
    ).connect()
    run.log({dataset_name: create_table(database.get_dataset(dataset_name))})


def create_table(examples: list[dict[str, Any]]) -> wandb.Table:
    """Return a table of examples."""
    columns = list(dict.fromkeys(field for example in examples for field in example))
    pictures = "image" in columns
    table = wandb.Table(columns=[*columns, "image_visual"] if pictures else columns, allow_mixed_types=True)
    for example in examples:
        cells = [_cell(example.get(column)) for column in columns]
        table.add_data(*cells, *([_picture(example.get("image"))] if pictures else []))
    return table


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list)) else value


def _picture(source: str | None) -> Any:
    """Return the image at a path or an address, or the one that a text holds."""
    if not source:
        return None
    from PIL import Image

    try:
        if ";base64," in source[:100]:
            return wandb.Image(Image.open(io.BytesIO(base64.b64decode(source.partition(";base64,")[2]))))
        if source.startswith(("http://", "https://")):
            with urllib.request.urlopen(source, timeout=30) as answer:
                return wandb.Image(Image.open(io.BytesIO(answer.read())))
        return wandb.Image(source)
    except (OSError, ValueError) as error:
        termwarn(f"An image of the data set is left out: {source[:80]}: {error}")
        return None
