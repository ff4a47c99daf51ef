"""`wandb.sklearn.plot_…`: charts of scikit-learn models."""

from typing import Any

from wandb.integration import sklearn as _integration
from wandb.integration.sklearn import __all__ as __all__


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(_integration, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
