"""Charts under the names that wandb had before 0.17."""

from wandb import _absent
from wandb.plots.heatmap import heatmap as HeatMap
from wandb.plots.precision_recall import precision_recall as precision_recall
from wandb.plots.roc import roc as ROC

ExplainText = _absent.function("wandb.plots.ExplainText")
NER = _absent.function("wandb.plots.NER")
POS = _absent.function("wandb.plots.POS")

__all__ = ["NER", "POS", "ROC", "ExplainText", "HeatMap", "precision_recall"]
