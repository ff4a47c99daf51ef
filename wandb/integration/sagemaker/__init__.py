"""Amazon SageMaker: how jobs get their keys, and what a run is called there."""

from wandb.integration.sagemaker.auth import sagemaker_auth as sagemaker_auth
from wandb.integration.sagemaker.config import is_using_sagemaker as is_using_sagemaker
from wandb.integration.sagemaker.config import parse_sm_config as parse_sm_config
from wandb.integration.sagemaker.config import parse_sm_secrets as parse_sm_secrets

__all__ = ("is_using_sagemaker", "parse_sm_config", "parse_sm_secrets", "sagemaker_auth")
