"""`wandb.sklearn.plot_…`: each function logs its chart to the active run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy
from sklearn import cluster, naive_bayes

import wandb
from wandb._native.integrations.sklearn_checks import usable
from wandb.errors.term import termlog, termwarn
from wandb.integration.sklearn import calculate

_BINARY_ONLY = "wandb.sklearn: calibration curves are for classes 0 and 1 only; this one is left out."


def _log(key: str, chart: Any) -> None:
    if chart is not None:
        wandb.log({key: chart})


def plot_classifier(
    model: Any,
    X_train: Any,
    X_test: Any,
    y_train: Any,
    y_test: Any,
    y_pred: Any,
    y_probas: Any,
    labels: Sequence[str] | None,
    is_binary: bool = False,
    model_name: str = "Classifier",
    feature_names: Sequence[str] | None = None,
    log_learning_curve: bool = False,
) -> None:
    """Log all charts of a classifier: importances, confusion, metrics, proportions, calibration, ROC, precision-recall.

    In Pluto: as each of the charts.

    Args:
        model: a fitted classifier.
        X_train: features of the training set, samples by features.
        X_test: features of the test set.
        y_train: classes of the training set.
        y_test: classes of the test set.
        y_pred: predicted classes of the test set.
        y_probas: predicted probabilities of the test set, samples by classes.
        labels: names of the classes 0, 1…
        is_binary: accepted.
        model_name: how the model is called in the charts.
        feature_names: names of the features.
        log_learning_curve: whether the model is fitted to growing parts of the training set as well.
    """
    termlog(f"Plotting {model_name}.")
    draws_features = not isinstance(model, naive_bayes.MultinomialNB)
    if draws_features:
        plot_feature_importances(model, feature_names)
    if log_learning_curve:
        plot_learning_curve(model, X_train, y_train)
    plot_confusion_matrix(y_test, y_pred, labels)
    plot_summary_metrics(model, X_train, y_train, X_test, y_test)
    plot_class_proportions(y_train, y_test, labels)
    if draws_features:
        plot_calibration_curve(model, X_train, y_train, model_name)
    plot_roc(y_test, y_probas, labels)
    plot_precision_recall(y_test, y_probas, labels)


def plot_regressor(
    model: Any,
    X_train: Any,
    X_test: Any,
    y_train: Any,
    y_test: Any,
    model_name: str = "Regressor",
) -> None:
    """Log all charts of a regressor: metrics, learning curve, outlier candidates, residuals; it is fitted again.

    In Pluto: as each of the charts.

    Args:
        model: a fitted regressor.
        X_train: features of the training set, samples by features.
        X_test: features of the test set.
        y_train: targets of the training set.
        y_test: targets of the test set.
        model_name: how the model is called.
    """
    termlog(f"Plotting {model_name}.")
    plot_summary_metrics(model, X_train, y_train, X_test, y_test)
    plot_learning_curve(model, X_train, y_train)
    plot_outlier_candidates(model, X_train, y_train)
    plot_residuals(model, X_train, y_train)


def plot_clusterer(
    model: Any,
    X_train: Any,
    cluster_labels: Any,
    labels: Sequence[str] | None = None,
    model_name: str = "Clusterer",
) -> None:
    """Log all charts of a clustering: silhouettes, and for k-means the elbow curve.

    In Pluto: as each of the charts.

    Args:
        model: a fitted clustering.
        X_train: features, samples by features.
        cluster_labels: the cluster of each sample.
        labels: accepted.
        model_name: how the model is called.
    """
    termlog(f"Plotting {model_name}.")
    kmeans = isinstance(model, cluster.KMeans)
    if kmeans:
        plot_elbow_curve(model, X_train)
    plot_silhouette(model, X_train, cluster_labels, labels=labels, kmeans=kmeans)


def plot_summary_metrics(
    model: Any = None,
    X: Any = None,
    y: Any = None,
    X_test: Any = None,
    y_test: Any = None,
) -> None:
    """Log accuracy, precision, recall and F1 of a classifier, or the errors of a regressor, on the test set.

    In Pluto: its table at `summary_metrics`, the chart beside it.
    """
    if usable(fitted=model, model=model, X=X, y=y, X_test=X_test, y_test=y_test):
        _log("summary_metrics", calculate.summary_metrics(model, X_test, numpy.asarray(y_test)))


def plot_learning_curve(
    model: Any = None,
    X: Any = None,
    y: Any = None,
    cv: Any = None,
    shuffle: bool = False,
    random_state: Any = None,
    train_sizes: Any = None,
    n_jobs: int = 1,
    scoring: Any = None,
) -> None:
    """Log the model's scores over the size of the training set; options as of scikit-learn's `learning_curve`.

    In Pluto: its table at `learning_curve`, the chart beside it.
    """
    if usable(model=model, X=X, y=y):
        sizes = numpy.linspace(0.1, 1.0, 5) if train_sizes is None else train_sizes
        options = {"cv": cv, "shuffle": shuffle, "random_state": random_state, "n_jobs": n_jobs, "scoring": scoring}
        chart = calculate.learning_curve(model, X, numpy.asarray(y), train_sizes=sizes, **options)
        _log("learning_curve", chart)


def plot_roc(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    plot_micro: bool = True,
    plot_macro: bool = True,
    classes_to_plot: Sequence[Any] | None = None,
) -> None:
    """Log the ROC curve of each class.

    In Pluto: its table at `roc_table`, the chart beside it.
    """
    _log("roc", wandb.plot.roc_curve(y_true, y_probas, labels, classes_to_plot))


def plot_precision_recall(
    y_true: Any = None,
    y_probas: Any = None,
    labels: Sequence[str] | None = None,
    plot_micro: bool = True,
    classes_to_plot: Sequence[Any] | None = None,
) -> None:
    """Log precision over recall of each class.

    In Pluto: its table at `precision_recall_table`, the chart beside it.
    """
    _log("precision_recall", wandb.plot.pr_curve(y_true, y_probas, labels, classes_to_plot))


def plot_confusion_matrix(
    y_true: Any = None,
    y_pred: Any = None,
    labels: Sequence[str] | None = None,
    true_labels: Sequence[str] | None = None,
    pred_labels: Sequence[str] | None = None,
    normalize: bool = False,
) -> None:
    """Log how often each class was taken for each other.

    In Pluto: its table at `confusion_matrix`, the chart beside it.

    Args:
        y_true: the true classes.
        y_pred: the predicted classes.
        labels: names of the classes 0, 1…
        true_labels: some of the classes, of those that are true; by default all.
        pred_labels: some of the classes, of those that are predicted.
        normalize: whether shares of each true class are shown instead of counts.
    """
    if usable(y_true=y_true, y_pred=y_pred):
        true, predicted = numpy.asarray(y_true), numpy.asarray(y_pred)
        chart = calculate.confusion_matrix(true, predicted, labels, true_labels, pred_labels, normalize)
        _log("confusion_matrix", chart)


def plot_feature_importances(
    model: Any = None,
    feature_names: Sequence[str] | None = None,
    title: str = "Feature Importance",
    max_num_features: int = 50,
) -> None:
    """Log how much each feature counts; for models with feature importances or coefficients.

    In Pluto: its table at `feature_importances`, the chart beside it.
    """
    if usable(fitted=model, model=model):
        _log("feature_importances", calculate.feature_importances(model, feature_names))


def plot_class_proportions(y_train: Any = None, y_test: Any = None, labels: Sequence[str] | None = None) -> None:
    """Log how many samples of each class the training and the test set have.

    In Pluto: its table at `class_proportions`, the chart beside it.
    """
    if usable(y_train=y_train, y_test=y_test):
        chart = calculate.class_proportions(numpy.asarray(y_train), numpy.asarray(y_test), labels)
        _log("class_proportions", chart)


def plot_calibration_curve(
    clf: Any = None,
    X: Any = None,
    y: Any = None,
    clf_name: str = "Classifier",
) -> None:
    """Log how well probabilities of a binary classifier match reality; variants of it are fitted.

    In Pluto: its table at `calibration_curve`, the chart beside it.
    """
    if usable(fitted=clf, clf=clf, X=X, y=y):
        truth = numpy.asarray(y)
        if not numpy.isin(truth, (0, 1)).all():
            termwarn(_BINARY_ONLY)
            return
        _log("calibration_curve", calculate.calibration_curves(clf, X, truth, clf_name))


def plot_outlier_candidates(regressor: Any = None, X: Any = None, y: Any = None) -> None:
    """Log each sample's influence on the regression; the model is fitted again.

    In Pluto: its table at `outlier_candidates`, the chart beside it.
    """
    if usable(fitted=regressor, regressor=regressor, X=X, y=y):
        _log("outlier_candidates", calculate.outlier_candidates(regressor, X, numpy.asarray(y)))


def plot_residuals(regressor: Any = None, X: Any = None, y: Any = None) -> None:
    """Log predictions and errors; the model is fitted again, to a part of the data.

    In Pluto: its table at `residuals`, the chart beside it.
    """
    if usable(fitted=regressor, regressor=regressor, X=X, y=y):
        _log("residuals", calculate.residuals(regressor, X, numpy.asarray(y)))


def plot_elbow_curve(
    clusterer: Any = None,
    X: Any = None,
    cluster_ranges: Iterable[int] | None = None,
    n_jobs: int = 1,
    show_cluster_time: bool = True,
) -> None:
    """Log the error over the number of clusters; copies of the model are fitted.

    In Pluto: its table at `elbow_curve`, the chart beside it.
    """
    if not hasattr(clusterer, "n_clusters"):
        termlog("wandb.sklearn: the model has no `n_clusters`: no elbow curve.")
    elif usable(fitted=clusterer, clusterer=clusterer, X=X):
        _log("elbow_curve", calculate.elbow_curve(clusterer, X, cluster_ranges, n_jobs))


def plot_silhouette(
    clusterer: Any = None,
    X: Any = None,
    cluster_labels: Any = None,
    labels: Sequence[str] | None = None,
    metric: str = "euclidean",
    kmeans: bool = True,
) -> None:
    """Log how well each sample fits its cluster, from -1 to 1.

    In Pluto: its table at `silhouette_plot`, the chart beside it.
    """
    if usable(fitted=clusterer, clusterer=clusterer, X=X, cluster_labels=cluster_labels):
        _log("silhouette_plot", calculate.silhouette(clusterer, X, cluster_labels, metric, kmeans))
