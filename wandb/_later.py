"""The functions and modules of wandb that can be named, but not used yet."""

from wandb._absent import AbsentModule, function

sagemaker_auth = function("wandb.sagemaker_auth")

analytics = AbsentModule("wandb.analytics")
catboost = AbsentModule("wandb.catboost")
docker = AbsentModule("wandb.docker")
jupyter = AbsentModule("wandb.jupyter")
keras = AbsentModule("wandb.keras")
lightgbm = AbsentModule("wandb.lightgbm")
profiler = AbsentModule("wandb.profiler")
proto = AbsentModule("wandb.proto")
sacred = AbsentModule("wandb.sacred")
tensorflow = AbsentModule("wandb.tensorflow")
trigger = AbsentModule("wandb.trigger")
xgboost = AbsentModule("wandb.xgboost")
