"""A table with the description of a chart, and `plot_table`, which makes one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from wandb._native.plot import presets
from wandb.errors import Error
from wandb.sdk.data_types.table import Table


@dataclass
class CustomChartSpec:
    """What a chart looks like: the name of a Vega specification and what goes into its fields."""

    spec_name: str
    fields: dict[str, Any]
    string_fields: dict[str, Any]
    key: str = ""
    panel_type: str = "Vega2"
    split_table: bool = False
    # The specification of a user's own chart. Without annotation, so that it is not a field: wandb has none.
    vega = cast("dict[str, Any] | None", None)

    @property
    def table_key(self) -> str:
        """The key under which the table is logged.

        Raises:
            wandb.Error: the chart has not been logged.
        """
        if not self.key:
            raise Error("Key for the custom chart spec is not set.")
        return f"Custom Chart Tables/{self.key}_table" if self.split_table else f"{self.key}_table"

    @property
    def config_value(self) -> dict[str, Any]:
        """The chart in the layout of a wandb panel."""
        table = {"name": "summaryTable", "args": [{"name": "tableKey", "value": self.table_key}], "fields": []}
        run_sets = {
            "name": "runSets",
            "args": [{"name": "runSets", "value": "${runSets}"}],
            "fields": [*({"name": name, "fields": []} for name in ("id", "name", "_defaultColorIndex")), table],
        }
        panel = {
            "panelDefId": self.spec_name,
            "fieldSettings": self.fields,
            "stringSettings": self.string_fields,
            "transform": {"name": "tableWithLeafColNames"},
            "userQuery": {"queryFields": [run_sets]},
        }
        return {"panel_type": self.panel_type, "panel_config": panel}

    @property
    def config_key(self) -> tuple[str, str, str]:
        """Where wandb keeps the panel in a run's configuration."""
        return ("_wandb", "visualize", self.key)


@dataclass
class CustomChart:
    """A chart of a table; log it like any value."""

    table: Table
    spec: CustomChartSpec

    def set_key(self, key: str) -> None:
        """Name the chart."""
        self.spec.key = key


def plot_table(
    vega_spec_name: str,
    data_table: Table,
    fields: dict[str, Any],
    string_fields: dict[str, Any] | None = None,
    split_table: bool = False,
) -> CustomChart:
    """Return a chart of a table by the name of a Vega specification.

    In Pluto: its table at `KEY_table`, the chart in `config["wandb"]["custom_charts"]` as `pluto migrate` has it.

    Args:
        vega_spec_name: such as `wandb/line/v0`, or what `Api.create_custom_chart` has returned on this machine.
        data_table: the rows.
        fields: the specification's fields and the columns that go there.
        string_fields: its texts, such as `title`.
        split_table: whether the table goes to the section "Custom Chart Tables".

    Raises:
        wandb.Error: `data_table` is not a table.

    Example:
        >>> table = wandb.Table(columns=["x", "y"], data=[[1, 2], [2, 4]])
        >>> run.log({"curve": wandb.plot_table("wandb/line/v0", table, {"x": "x", "y": "y"})})
    """
    if not isinstance(data_table, Table):
        raise Error(f"Expected `data_table` to be `wandb.Table` type, instead got {type(data_table).__name__}")
    spec = CustomChartSpec(vega_spec_name, fields, string_fields or {}, split_table=split_table)
    if (vega := presets.find(vega_spec_name)) is not None:
        spec.vega = vega
    return CustomChart(data_table, spec)
