"""Every integration stands at wandb's path, also where its library is not installed."""

import importlib

import pytest

PATHS = """
wandb.catboost wandb.fastai wandb.gym wandb.keras wandb.lightgbm wandb.sacred wandb.tensorboard wandb.xgboost
wandb.integration.catboost wandb.integration.cohere wandb.integration.diffusers wandb.integration.dspy
wandb.integration.fastai
wandb.integration.gym wandb.integration.huggingface wandb.integration.keras wandb.integration.kfp
wandb.integration.langchain wandb.integration.lightgbm wandb.integration.lightning.fabric wandb.integration.metaflow
wandb.integration.openai wandb.integration.prodigy wandb.integration.sacred wandb.integration.sagemaker
wandb.integration.sb3 wandb.integration.sklearn wandb.integration.tensorboard wandb.integration.tensorflow
wandb.integration.magic wandb.integration.torch wandb.integration.ultralytics wandb.integration.weave
wandb.integration.xgboost wandb.integration.yolov8
"""


@pytest.mark.parametrize("path", PATHS.split())
def test_can_be_imported(path: str) -> None:
    """The module is there, and each of its names or the library that it needs."""
    module = importlib.import_module(path)
    for name in getattr(module, "__all__", ()):
        try:
            assert getattr(module, name) is not None
        except ImportError as error:
            assert error.name is None or not error.name.startswith("wandb"), error
