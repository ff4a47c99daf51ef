"""`wandb.plot.confusion_matrix`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wandb.plot.custom_chart import CustomChart, plot_table
from wandb.sdk.data_types.table import Table


def confusion_matrix(
    probs: Any = None,
    y_true: Any = None,
    preds: Any = None,
    class_names: Sequence[str] | None = None,
    title: str = "Confusion Matrix Curve",
    split_table: bool = False,
) -> CustomChart:
    """Return how often each class was taken for each other.

    In Pluto: its table at `KEY_table`, the chart in `config["wandb"]["custom_charts"]` as `pluto migrate` has it.

    Args:
        probs: probabilities, one row a sample and one column a class; instead of `preds`.
        y_true: the true classes.
        preds: the predicted classes.
        class_names: names of the classes 0, 1…; by default Class_1, Class_2…
        title: the chart's title.
        split_table: whether the table goes to the section "Custom Chart Tables".

    Raises:
        ValueError: `probs` and `preds` are both given, there are not as many predictions as true classes, or more
            classes than names.
    """
    if probs is not None and preds is not None:
        raise ValueError("Only one of `probs` or `preds` should be provided, not both.")
    if probs is not None:
        import numpy

        preds = numpy.argmax(probs, axis=1).tolist()
    if len(preds) != len(y_true):
        raise ValueError("The number of predictions and true labels must be equal.")
    if class_names is None:
        classes: Any = set(preds) | set(y_true)
        class_names = [f"Class_{index + 1}" for index in range(len(classes))]
    else:
        classes = range(len(class_names))
        if len(set(preds)) > len(class_names):
            raise ValueError("The number of unique predicted classes exceeds the number of class names.")
        if len(set(y_true)) > len(class_names):
            raise ValueError("The number of unique true labels exceeds the number of class names.")
    place = {one: index for index, one in enumerate(sorted(classes))}
    counts = [[0.0] * len(place) for _ in place]
    for true, predicted in zip(y_true, preds, strict=True):
        counts[place[true]][place[predicted]] += 1
    rows = [
        [actual, predicted, counts[i][j]]
        for i, actual in enumerate(class_names)
        for j, predicted in enumerate(class_names)
    ]
    columns = ["Actual", "Predicted", "nPredictions"]
    table = Table(columns=columns, data=rows)
    fields = {one: one for one in columns}
    return plot_table("wandb/confusion_matrix/v1", table, fields, {"title": title}, split_table)
