"""Charts under the names that wandb had before 0.17."""

from wandb._native import unsupported
from wandb.plots.heatmap import heatmap as HeatMap
from wandb.plots.precision_recall import precision_recall as precision_recall
from wandb.plots.roc import roc as ROC

ExplainText = unsupported.function("wandb.plots.ExplainText", "log wandb.Html of what `eli5.show_prediction` returns")
NER = unsupported.function("wandb.plots.NER", "log wandb.Html of what `spacy.displacy.render` returns")
POS = unsupported.function("wandb.plots.POS", "log wandb.Html of what `spacy.displacy.render` returns")

__all__ = ["NER", "POS", "ROC", "ExplainText", "HeatMap", "precision_recall"]
