"""verl's Tracking with wandb: metrics of steps, and a table of generations."""

from verl.utils.tracking import Tracking, ValidationGenerationsLogger

logger = Tracking("verl", "tiny", default_backend=["wandb"], config={"trainer": {"n_gpus": 0}, "lr": 0.1})
tables = ValidationGenerationsLogger("verl", "tiny")
for step in range(3):
    logger.log({"actor/loss": 1.0 / (step + 1), "critic/score": 0.5 * step}, step=step)
    tables.log(["wandb"], [("in", "out", 0.5 * step)], step)
