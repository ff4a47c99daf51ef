"""The internal API at the path of wandb up to 0.23."""

from wandb.apis.internal import Api as Api
