"""Charts of scikit-learn models, as `wandb.sklearn`; scikit-learn is imported when the first of them is asked for."""

from typing import Any

__all__ = (
    "plot_calibration_curve",
    "plot_class_proportions",
    "plot_classifier",
    "plot_clusterer",
    "plot_confusion_matrix",
    "plot_elbow_curve",
    "plot_feature_importances",
    "plot_learning_curve",
    "plot_outlier_candidates",
    "plot_precision_recall",
    "plot_regressor",
    "plot_residuals",
    "plot_roc",
    "plot_silhouette",
    "plot_summary_metrics",
)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from wandb.integration.sklearn import plot

    return getattr(plot, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
