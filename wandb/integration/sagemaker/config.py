"""What SageMaker tells a job."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

from wandb.errors.term import termwarn
from wandb.sdk.lib.runid import generate_id

PARAMETERS = "/opt/ml/input/config/hyperparameters.json"
SECRETS = "secrets.env"


def is_using_sagemaker() -> bool:
    """Whether this process is a SageMaker job."""
    return "SM_TRAINING_ENV" in os.environ or os.path.exists(PARAMETERS)  # noqa: PTH110 # at every init


def parse_sm_config() -> dict[str, Any]:
    """Return the job's hyperparameters, numbers as such, and what SM_TRAINING_ENV says."""
    values: dict[str, Any] = {}
    if (file := Path(PARAMETERS)).exists():
        values["sagemaker_training_job_name"] = os.environ.get("TRAINING_JOB_NAME")
        values.update({name: _number(value) for name, value in json.loads(file.read_text(encoding="utf-8")).items()})
    if text := os.environ.get("SM_TRAINING_ENV"):
        try:
            values.update(json.loads(text))
        except ValueError:
            termwarn("SM_TRAINING_ENV is not JSON; it is left out of the configuration", repeat=False)
    return values


def parse_sm_secrets() -> dict[str, str]:
    """Return the variables that `wandb.sagemaker_auth` has written for the job."""
    file = Path(SECRETS)
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return dict(line.strip().split("=", 1) for line in lines if "=" in line)


def take_over() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the settings and the configuration that a job gives its run, with its secrets in the environment."""
    for name, value in parse_sm_secrets().items():
        os.environ.setdefault(name, value)
    settings = {}
    if (job := os.environ.get("TRAINING_JOB_NAME")) and not os.environ.get("WANDB_RUN_ID"):
        host = os.environ.get("CURRENT_HOST", socket.gethostname())
        settings = {"run_id": f"{job}-{generate_id(6)}-{host}", "run_group": job}
    return settings, parse_sm_config()


def _number(text: str) -> Any:
    text = text.strip('"')
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
