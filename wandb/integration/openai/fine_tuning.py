"""OpenAI's fine-tuning jobs, which cannot be followed in Pluto."""

from typing import Any, NoReturn

from wandb._absent import refuse


class WandbLogger:
    """Stands for the class that synchronises fine-tuning jobs: `sync` refuses."""

    @classmethod
    def sync(cls, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: read `client.fine_tuning.jobs.list_events(job)` and log its metrics with `run.log`."""
        refuse(
            "wandb.integration.openai.fine_tuning.WandbLogger.sync()",
            "read the job's events, `client.fine_tuning.jobs.list_events(job)`, and log them with `run.log`",
        )
