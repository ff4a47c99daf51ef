"""wandb's files of runs, which only the real wandb writes."""

from wandb._native.unsupported import kind

DataStore = kind(
    f"{__name__}.DataStore", "runs of wandb-compat are read with `wandb-compat journal show FILE` and wandb.Api()"
)
