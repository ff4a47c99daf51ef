"""`wandb.sagemaker_auth`: hands the key to a SageMaker job."""

from __future__ import annotations

from pathlib import Path

from wandb.integration.sagemaker.config import SECRETS
from wandb.sdk import wandb_login


def sagemaker_auth(overrides: dict[str, str] | None = None, path: str = ".", api_key: str | None = None) -> None:
    """Write `secrets.env`, which travels with the source folder of a SageMaker job; `wandb.init` reads it there.

    In Pluto: the key of this machine is written as PLUTO_API_KEY.

    Args:
        overrides: further variables for the job; not changed.
        path: the job's source folder.
        api_key: the Pluto key, by default the one that is found here.

    Raises:
        ValueError: there is not a key.
    """
    values = dict(overrides or {})
    if "PLUTO_API_KEY" not in values:
        found = wandb_login.find_credential()
        if (key := api_key or (found.reveal() if found else None)) is None:
            raise ValueError("No Pluto key for the job: run `wandb login`, or set PLUTO_API_KEY")
        values["PLUTO_API_KEY"] = key
    file = Path(path, SECRETS)
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()), encoding="utf-8")
