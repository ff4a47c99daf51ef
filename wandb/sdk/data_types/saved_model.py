"""Models of frameworks as values of artifacts, which wandb never made public."""

from wandb._native.unsupported import kind

_SavedModel = kind("wandb.data_types._SavedModel", "save the model with its framework and log the file: run.log_model")
