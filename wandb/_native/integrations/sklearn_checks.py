"""Validates the arguments of `wandb.sklearn.plot_…`; problems are warnings, never exceptions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy
from sklearn import base, exceptions
from sklearn.utils.validation import check_is_fitted

from wandb.errors.term import termerror, termwarn

# Attributes of which a fitted model without `predict` has at least one.
_FITTED = [
    "coef_",
    "estimator_",
    "labels_",
    "n_clusters_",
    "children_",
    "components_",
    "n_components_",
    "n_iter_",
    "n_batch_iter_",
    "explained_variance_",
    "singular_values_",
    "mean_",
]
_KINDS = {"model": "classifier or regressor", "clf": "classifier", "regressor": "regressor", "clusterer": "clusterer"}


def usable(*, fitted: Any = None, **arguments: Any) -> bool:
    """Return whether a chart can be made of arguments.

    Args:
        fitted: a model that must have been fitted.
        arguments: what the chart needs, by the names that the user knows: `X` and `X_test` must be numbers without
            gaps, `model`, `clf`, `regressor` and `clusterer` models of that kind, everything else sequences.
    """
    complaints = [complaint for name, value in arguments.items() if (complaint := _complaint(name, value))]
    if fitted is not None and not complaints and not _is_fitted(fitted):
        complaints.append("the model has not been fitted yet: call its `fit` first.")
    for complaint in complaints:
        termerror(f"wandb.sklearn: {complaint}")
    return not complaints


def _complaint(name: str, value: Any) -> str | None:
    if value is None:
        return f"{name} is None: the chart needs it."
    if name in _KINDS:
        return None if _is_kind(name, value) else f"{name} is not a {_KINDS[name]}, but of type {type(value).__name__}."
    if not isinstance(value, Iterable):
        return f"{name} must be an array, not a {type(value).__name__}."
    return _numeric_complaint(name, value) if name in ("X", "X_test") else None


def _is_kind(name: str, model: Any) -> bool:
    if name == "clusterer":
        return bool(base.is_clusterer(model)) if hasattr(base, "is_clusterer") else hasattr(model, "labels_")
    is_classifier, is_regressor = base.is_classifier(model), base.is_regressor(model)
    return bool({"clf": is_classifier, "regressor": is_regressor}.get(name, is_classifier or is_regressor))


def _numeric_complaint(name: str, value: Any) -> str | None:
    array = numpy.asarray(value.toarray() if hasattr(value, "toarray") else value)
    try:
        missing = int(numpy.isnan(array.astype(float)).sum())
    except (TypeError, ValueError):
        return f"{name} has values that are not numbers: encode them first."
    return f"{name} has {missing} missing values." if missing else None


def _is_fitted(model: Any) -> bool:
    try:
        model.predict(numpy.zeros((7, 3)))
    except exceptions.NotFittedError:
        return False
    except AttributeError:  # some clusterings cannot predict
        try:
            check_is_fitted(model, _FITTED, all_or_any=any)
        except exceptions.NotFittedError:
            return False
    except Exception:  # fitted, for another shape
        pass
    return True


def first(values: list[list[Any]], limit: int, chart: str) -> list[list[Any]]:
    """Return as many rows as a chart shows, with a warning if some are left out."""
    if len(values) > limit:
        termwarn(f"wandb.sklearn: {chart} shows the first {limit} of {len(values)} points.")
    return values[:limit]
