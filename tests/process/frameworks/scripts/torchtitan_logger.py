"""torchtitan's logger class for wandb: metrics of several steps, tagged."""

from torchtitan.components.metrics import WandBLogger

logger = WandBLogger("out", {"lr": 0.1, "model": {"layers": 2}}, tag="train")
for step in range(1, 5):
    logger.log({"loss": 1.0 / step, "memory/peak": 0.5}, step)
logger.close()
