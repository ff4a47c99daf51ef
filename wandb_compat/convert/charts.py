"""Reads custom charts of wandb and describes them as Pluto does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wandb_compat.convert.json_values import json_value
from wandb_compat.convert.kinds import chart_parts
from wandb_compat.wire.names import log_key

# wandb's name of a chart template -> Pluto's preset
PRESETS = {
    "wandb/bar/v0": "bar",
    "wandb/line/v0": "line",
    "wandb/lineseries/v0": "lineseries",
    "wandb/scatter/v0": "scatter",
    "wandb/pr_curve/v0": "pr_curve",
    "wandb/roc_curve/v0": "roc_curve",
    "wandb/area-under-curve/v0": "area-under-curve",
    "wandb/confusion_matrix/v0": "confusion_matrix",
    "wandb/confusion_matrix/v1": "confusion_matrix",
    "wandb/histogram/v0": "histogram",
}


@dataclass(slots=True)
class Chart:
    """A custom chart.

    Args:
        table: the wandb.Table with its data.
        template: name of the template.
        fields: the template's field for each column, or None if the template has fixed columns.
        strings: texts of the template, such as the title.
        split: whether wandb stores the table under `Custom Chart Tables/`.
        vega: a template that the user wrote.
    """

    table: Any
    template: str
    fields: dict[str, Any] | None
    strings: dict[str, Any]
    split: bool
    vega: dict[str, Any] | None

    def table_key(self, key: str) -> str:
        """Return the key of the table of a chart that was logged under a key."""
        if self.fields is None:
            return key
        return f"Custom Chart Tables/{key}_table" if self.split else f"{key}_table"

    def description(self, key: str) -> dict[str, Any]:
        """Return the entry of `config["wandb"]["custom_charts"]`, in the layout of `pluto migrate`."""
        preset = PRESETS.get(self.template)
        is_vega_lite = preset or "vega-lite" in str((self.vega or {}).get("$schema"))
        return {
            "key": key,
            "panelDefId": self.template,
            "preset": preset,
            "title": self.strings.get("title"),
            "strings": self.strings,
            "tableKey": log_key(self.table_key(key)),
            "fields": {column: field for column, field in (self.fields or {}).items() if field is not None},
            "specLang": "vega-lite" if is_vega_lite else "vega",
            **({"spec": self.vega} if self.vega else {}),
        }


def read_chart(value: Any) -> Chart:
    """Return the parts of a value of the kind `chart`; see `kinds.kind_of`."""
    table, template = chart_parts(value)
    spec = getattr(value, "spec", None)
    holder, prefix = (value, "_") if spec is None else (spec, "")  # wandb before 0.19 has no spec
    fields, strings, split = (
        getattr(holder, f"{prefix}{name}", None) for name in ("fields", "string_fields", "split_table")
    )
    return Chart(
        table,
        template,
        None if fields is None else json_value(fields),
        json_value(strings or {}),
        bool(split),
        getattr(spec, "vega", None),
    )
