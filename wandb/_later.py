"""The functions and modules of wandb that can be named, but not used yet."""

from wandb._absent import AbsentModule, function

sagemaker_auth = function("wandb.sagemaker_auth")

catboost = AbsentModule("wandb.catboost")
keras = AbsentModule("wandb.keras")
lightgbm = AbsentModule("wandb.lightgbm")
sacred = AbsentModule("wandb.sacred")
tensorflow = AbsentModule("wandb.tensorflow")
xgboost = AbsentModule("wandb.xgboost")
