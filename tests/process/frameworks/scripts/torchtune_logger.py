"""torchtune's metric logger for wandb: numbers, a dict of them, and the recipe's configuration."""

from omegaconf import OmegaConf
from torchtune.training.metric_logging import WandBLogger

logger = WandBLogger(project="torchtune", group="g", log_dir="logs")
logger.log_config(OmegaConf.create({"output_dir": "out", "optimizer": {"lr": 0.1}, "layers": [1, 2]}))
for step in range(4):
    logger.log("loss", 1.0 / (step + 1), step)
    logger.log_dict({"lr": 0.1, "tokens_per_second": 5.0 * step}, step)
logger.close()
