"""A logger for Lightning Fabric: Lightning's own for wandb, with a project and one more method."""

from __future__ import annotations

import os
from typing import Any, Literal

from lightning.pytorch.loggers import WandbLogger as LightningLogger

import wandb


class WandbLogger(LightningLogger):
    """Logs what a Fabric script logs.

    In Pluto: metrics, and `trainer/global_step` where a step is given.

    Args:
        name: name of the run.
        save_dir: folder that gets the `wandb/` folder.
        version: id of the run.
        offline: keep the run in its folder.
        dir: the same as `save_dir`.
        id: the same as `version`.
        anonymous: accepted.
        project: by default WANDB_PROJECT, else `lightning_fabric_logs`.
        log_model: log checkpoints as artifacts: `all` at once, True at the end.
        experiment: a run to log to.
        prefix: comes before each key, with a dash.
        checkpoint_name: name of the artifact.
        log_checkpoint_on: `success` or `all`: also after a failure.
        kwargs: further arguments of `wandb.init`.

    Example:
        >>> fabric = lightning.Fabric(loggers=[WandbLogger(project="demo")])
        >>> fabric.log("loss", 0.3)
    """

    def __init__(
        self,
        name: str | None = None,
        save_dir: str | os.PathLike[str] = ".",
        version: str | None = None,
        offline: bool = False,
        dir: str | os.PathLike[str] | None = None,
        id: str | None = None,
        anonymous: bool | None = None,
        project: str | None = None,
        log_model: Literal["all"] | bool = False,
        experiment: Any = None,
        prefix: str = "",
        checkpoint_name: str | None = None,
        log_checkpoint_on: Literal["success", "all"] = "success",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            name=name,
            save_dir=save_dir,
            version=version,
            offline=offline,
            dir=dir,
            id=id,
            project=project or os.environ.get("WANDB_PROJECT", "lightning_fabric_logs"),
            log_model=log_model,
            experiment=experiment,
            prefix=prefix,
            checkpoint_name=checkpoint_name,
            **kwargs,
        )
        self._log_checkpoint_on = log_checkpoint_on

    def finalize(self, status: str) -> None:
        """Log the checkpoints that wait for the end."""
        super().finalize("success" if self._log_checkpoint_on == "all" else status)

    def log_html(self, key: str, htmls: list[Any], step: int | None = None, **kwargs: list[Any]) -> None:
        """Log pages; of each further argument of `wandb.Html` there is one a page.

        Raises:
            TypeError: `htmls` is not a list.
            ValueError: another number of arguments than of pages.
        """
        if not isinstance(htmls, list):
            raise TypeError(f"log_html() takes a list of pages, not {type(htmls).__name__}")
        for name, values in kwargs.items():
            if len(values) != len(htmls):
                raise ValueError(f"There are {len(htmls)} pages and {len(values)} values for {name}")
        pages = [
            wandb.Html(html, **{name: values[index] for name, values in kwargs.items()})
            for index, html in enumerate(htmls)
        ]
        self.log_metrics({key: pages}, step)
