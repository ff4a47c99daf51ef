"""Charts of tables, which can be named but not drawn yet."""

from wandb import _absent


class CustomChart(_absent.Absent):
    """A chart of a table."""


class Visualize(_absent.Absent):
    """A chart of an older kind."""


bar = _absent.function("wandb.plot.bar")
confusion_matrix = _absent.function("wandb.plot.confusion_matrix")
histogram = _absent.function("wandb.plot.histogram")
line = _absent.function("wandb.plot.line")
line_series = _absent.function("wandb.plot.line_series")
plot_table = _absent.function("wandb.plot.plot_table")
pr_curve = _absent.function("wandb.plot.pr_curve")
roc_curve = _absent.function("wandb.plot.roc_curve")
scatter = _absent.function("wandb.plot.scatter")
visualize = _absent.function("wandb.plot.visualize")

__all__ = [
    "CustomChart",
    "Visualize",
    "bar",
    "confusion_matrix",
    "histogram",
    "line",
    "line_series",
    "plot_table",
    "pr_curve",
    "roc_curve",
    "scatter",
    "visualize",
]
