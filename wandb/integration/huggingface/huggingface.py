"""`autolog` for the pipelines of transformers."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

import wandb
from wandb.sdk.integration_utils.auto_logging import AutologAPI

COLUMNS = ["Model Alias", "Timestamp", "Elapsed Time", "Input", "Response", "Kwargs"]


def resolve(
    args: Sequence[Any], kwargs: dict[str, Any], response: Any, start_time: float, time_elapsed: float
) -> dict[str, Any] | None:
    """Return a table of one call, named after the pipeline's task or WANDB_AUTOLOG_TABLE_NAME."""
    pipeline, *given = args
    inputs = given[0] if given else None
    pairs = zip(inputs, response, strict=False) if isinstance(inputs, list) else [(inputs, response)]
    table = wandb.Table(columns=COLUMNS, allow_mixed_types=True)
    when = datetime.fromtimestamp(start_time, timezone.utc).isoformat()
    model = getattr(pipeline.model, "name_or_path", type(pipeline.model).__name__)
    for one, answer in pairs:
        table.add_data(model, when, time_elapsed, _text(one), _text(answer), _text(kwargs))
    return {os.environ.get("WANDB_AUTOLOG_TABLE_NAME") or pipeline.task: table}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


autolog = AutologAPI(name="transformers", symbols=("Pipeline.__call__",), resolver=resolve)
