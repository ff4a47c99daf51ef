"""The tables behind the charts of scikit-learn models, each a `Visualize` of wandb's template for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import perf_counter
from typing import Any

import numpy
from joblib import Parallel, delayed
from sklearn import base, calibration, linear_model, metrics, model_selection, naive_bayes
from sklearn.utils.multiclass import unique_labels

from wandb._native.integrations.sklearn_checks import first
from wandb.errors.term import termwarn
from wandb.plot.viz import Visualize, visualize
from wandb.sdk.data_types.table import Table

LIMIT = 1_000  # points of a chart
RESIDUALS_LIMIT = 100  # points of a chart of residuals, of each of its two sets


def _chart(template: str, columns: str, rows: list[list[Any]]) -> Visualize:
    plain = [[one.item() if isinstance(one, numpy.generic) else one for one in row] for row in rows]
    return visualize(template, Table(columns=columns.split(), data=plain))


def calibration_curves(clf: Any, X: Any, y: Any, clf_name: str) -> Visualize:
    """Compare predicted probabilities with reality, for the model calibrated in two ways and a logistic regression."""
    X = X - X.min() if isinstance(clf, naive_bayes.ComplementNB) else X  # it takes no negative numbers
    models = {
        "Logistic": linear_model.LogisticRegression(C=1.0),
        f"{clf_name} Isotonic": calibration.CalibratedClassifierCV(clf, cv=2, method="isotonic"),
        f"{clf_name} Sigmoid": calibration.CalibratedClassifierCV(clf, cv=2, method="sigmoid"),
    }
    x_train, x_test, y_train, y_test = model_selection.train_test_split(X, y, test_size=0.9, random_state=42)
    rows: list[list[Any]] = [["Perfectly calibrated", at, at, 0, 0] for at in (0, 1)]
    for name, model in models.items():
        model.fit(x_train, y_train)
        predicted = model.predict_proba(x_test)[:, 1]
        counts, edges = numpy.histogram(predicted, bins=10, density=False)
        positives, means = calibration.calibration_curve(y_test, predicted, n_bins=10)
        points = zip(positives.round(3), means.round(3), counts, edges, strict=False)
        rows.extend([name, *point] for point in points)
    columns = "model fraction_of_positives mean_predicted_value hist_dict edge_dict"
    return _chart("wandb/calibration/v1", columns, first(rows, LIMIT, "calibration_curve"))


def class_proportions(y_train: Any, y_test: Any, labels: Sequence[str] | None) -> Visualize:
    """Count each class in the training and the test set."""
    classes = unique_labels(y_train, y_test)
    named = labels is not None and isinstance(classes[0], (int, numpy.integer))
    rows = [
        [labels[one] if named and labels is not None else one, name, int((targets == one).sum())]
        for one in classes
        for name, targets in (("train", y_train), ("test", y_test))
    ]
    return _chart("wandb/class_proportions/v1", "class dataset count", first(rows, 2 * LIMIT, "class_proportions"))


def confusion_matrix(
    y_true: Any,
    y_pred: Any,
    labels: Sequence[str] | None,
    true_labels: Sequence[str] | None,
    pred_labels: Sequence[str] | None,
    normalize: bool,
) -> Visualize:
    """Count how often each class was taken for each other."""
    matrix = metrics.confusion_matrix(y_true, y_pred)
    if normalize:
        sums = matrix.sum(axis=1)[:, numpy.newaxis]
        matrix = numpy.around(numpy.divide(matrix, sums, out=numpy.zeros(matrix.shape), where=sums != 0), 2)
    names = numpy.asarray(unique_labels(y_true, y_pred) if labels is None else labels)
    # As in wandb, the true class is under "Predicted" and the predicted one under "Actual".
    rows = [
        [names[i], names[j], matrix[i, j]]
        for i in range(len(matrix))
        for j in range(len(matrix))
        if (true_labels is None or names[i] in true_labels) and (pred_labels is None or names[j] in pred_labels)
    ]
    return _chart("wandb/confusion_matrix/v1", "Predicted Actual Count", first(rows, LIMIT, "confusion_matrix"))


def elbow_curve(clusterer: Any, X: Any, cluster_ranges: Iterable[int] | None, n_jobs: int) -> Visualize:
    """Fit copies with other numbers of clusters: error and time in seconds of each."""
    ranges = list(range(1, 10, 2)) if cluster_ranges is None else sorted(cluster_ranges)
    results = Parallel(n_jobs=n_jobs)(delayed(_score)(clusterer, X, count) for count in ranges)
    rows = [[count, abs(score), seconds] for count, (score, seconds) in zip(ranges, results, strict=True)]
    return _chart("wandb/elbow/v1", "cluster_ranges errors clustering_time", rows)


def _score(clusterer: Any, X: Any, count: int) -> tuple[float, float]:
    began = perf_counter()
    copy = base.clone(clusterer)
    copy.n_clusters = count
    return copy.fit(X).score(X), perf_counter() - began


def feature_importances(model: Any, feature_names: Sequence[str] | None) -> Visualize | None:
    """Sort the features by their importance; None with a warning if the model has no importances."""
    names = ("feature_importances_", "feature_log_prob_", "coef_")
    found = next((getattr(model, name) for name in names if hasattr(model, name)), None)
    if found is None:
        termwarn(f"wandb.sklearn: the model has none of {', '.join(names)}: no chart of feature importances.")
        return None
    importances = numpy.asarray(found)
    if sum(length > 1 for length in importances.shape) > 1:
        termwarn(f"wandb.sklearn: importances of shape {importances.shape} are not drawn, only one number a feature.")
        return None
    importances = importances.reshape(-1)
    order = numpy.argsort(importances)[::-1]
    features = order if feature_names is None else numpy.asarray(feature_names)[order]
    rows = [[name, importance] for name, importance in zip(features, importances[order], strict=True)]
    return _chart("wandb/feature_importances/v1", "feature_names importances", rows)


def learning_curve(model: Any, X: Any, y: Any, **options: Any) -> Visualize:
    """Fit the model to growing parts of the data: mean scores of training and test."""
    sizes, train, test = model_selection.learning_curve(model, X, y, **options)
    rows = [
        [name, round(float(score), 2), size]
        for size, *scores in zip(sizes, train.mean(axis=1), test.mean(axis=1), strict=True)
        for name, score in zip(("train", "test"), scores, strict=True)
    ]
    return _chart("wandb/learning_curve/v1", "dataset score train_size", first(rows, LIMIT, "learning_curve"))


def outlier_candidates(regressor: Any, X: Any, y: Any) -> Visualize:
    """Measure each point's influence on the fit by Cook's distance."""
    X = numpy.asarray(X)
    regressor.fit(X, y)
    leverage = (X * numpy.linalg.pinv(X).T).sum(1)
    freedom = len(X) - numpy.linalg.matrix_rank(X)
    residuals = y - regressor.predict(X)
    error = residuals @ residuals / freedom
    studentized = residuals / numpy.sqrt(error) / numpy.sqrt(1 - leverage)
    distance = studentized**2 / X.shape[1] * leverage / (1 - leverage)
    threshold = 4 / len(X)
    percentage = round(float((distance >= threshold).mean() * 100), 3)
    rows = [[one, index, percentage, threshold] for index, one in enumerate(distance)]
    columns = "distance instance_indicies outlier_percentage influence_threshold"  # the template's spelling
    return _chart("wandb/outliers/v1", columns, first(rows, LIMIT, "outlier_candidates"))


def residuals(regressor: Any, X: Any, y: Any) -> Visualize:
    """Fit the model to four fifths of the data: predictions, errors and scores of both parts."""
    x_train, x_test, y_train, y_test = model_selection.train_test_split(X, y, test_size=0.2)
    regressor.fit(x_train, y_train)
    scores = [regressor.score(x_train, y_train), regressor.score(x_test, y_test)]
    rows = []
    for name, features, targets in (("train", x_train, y_train), ("test", x_test, y_test)):
        predicted = regressor.predict(features)
        points = [[name, one, error, *scores] for one, error in zip(predicted, predicted - targets, strict=True)]
        rows.extend(first(points, RESIDUALS_LIMIT, "residuals"))
    return _chart("wandb/residuals_plot/v1", "dataset y_pred residuals train_score test_score", rows)


def silhouette(clusterer: Any, X: Any, cluster_labels: Any, metric: str, kmeans: bool) -> Visualize:
    """Measure how well each point fits its cluster, cluster by cluster in ascending order."""
    X, clusters = numpy.asarray(X), numpy.asarray(cluster_labels)
    average = metrics.silhouette_score(X, clusters, metric=metric)
    values = metrics.silhouette_samples(X, clusters, metric=metric)
    bars: list[list[Any]] = []
    lower = 10  # the charts of the clusters stand apart by this much
    for cluster in range(len(numpy.unique(clusters))):
        own = numpy.sort(values[clusters == cluster])
        bars.extend([lower + at, 0, value, cluster] for at, value in enumerate(own))
        lower += len(own) + 10
    rows = [
        [X[at, 0], X[at, 1], clusters[at], *_center(clusterer, clusters[at], kmeans), *bar, average]
        for at, bar in enumerate(first(bars, LIMIT, "silhouette"))
    ]
    columns = "x y colors centerx centery y_sil x1 x2 color_sil silhouette_avg"
    return _chart("wandb/silhouette_/v1", columns, rows)


def _center(clusterer: Any, cluster: int, kmeans: bool) -> list[Any]:
    return list(clusterer.cluster_centers_[cluster, :2]) if kmeans else [None, None]


def summary_metrics(model: Any, X_test: Any, y_test: Any) -> Visualize:
    """Measure the model on the test set."""
    predicted = model.predict(X_test)
    if base.is_classifier(model):
        scores = {
            "accuracy_score": metrics.accuracy_score(y_test, predicted),
            "precision": metrics.precision_score(y_test, predicted, average="weighted"),
            "recall": metrics.recall_score(y_test, predicted, average="weighted"),
            "f1_score": metrics.f1_score(y_test, predicted, average="weighted"),
        }
    else:
        scores = {
            "mae": metrics.mean_absolute_error(y_test, predicted),
            "mse": metrics.mean_squared_error(y_test, predicted),
            "r2_score": metrics.r2_score(y_test, predicted),
        }
    rows = [[name, round(float(score), 2), type(model).__name__] for name, score in scores.items()]
    return _chart("wandb/metrics/v1", "metric_name metric_value model_name", rows)
