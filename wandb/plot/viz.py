"""Charts of the older kind, by the name of a template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wandb.errors import Error
from wandb.sdk.data_types.table import Table


@dataclass
class VisualizeSpec:
    """What a chart looks like: the name of a template."""

    name: str
    key: str = ""

    @property
    def config_value(self) -> dict[str, Any]:
        """The chart in the layout of a wandb panel."""
        return {"id": self.name, "historyFieldSettings": {"x-axis": "_step", "key": self.key}}

    @property
    def config_key(self) -> tuple[str, str, str]:
        """Where wandb keeps the panel in a run's configuration."""
        return ("_wandb", "viz", self.key)


@dataclass
class Visualize:
    """A chart of a table; log it like any value."""

    table: Table
    spec: VisualizeSpec

    def set_key(self, key: str) -> None:
        """Name the chart."""
        self.spec.key = key


def visualize(id: str, value: Table) -> Visualize:
    """Return a chart of a table by the name of a template.

    In Pluto: its table at `KEY`, the chart in `config["wandb"]["custom_charts"]`, for which Pluto has no template.

    Raises:
        wandb.Error: `value` is not a table.
    """
    if not isinstance(value, Table):
        raise Error(f"Expected `value` to be `wandb.Table` type, instead got {type(value).__name__}")
    return Visualize(table=value, spec=VisualizeSpec(name=id))
