"""fastai 2 brings its own callback for wandb, which wandb's module name leads to."""

try:
    from fastai.callback.wandb import WandbCallback as WandbCallback
except ModuleNotFoundError as error:
    if error.name == "fastai":
        raise
    raise ImportError("wandb.fastai needs fastai 2, whose own callback it is: `pip install 'fastai>=2'`") from error
