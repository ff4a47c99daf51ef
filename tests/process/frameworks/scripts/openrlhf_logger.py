"""OpenRLHF's WandbLogger: rows of training and evaluation, and a table of samples that grows."""

import importlib.util
import sys
from argparse import Namespace
from pathlib import Path

# The package's own `__init__` imports DeepSpeed, which is built for graphics cards.
(folder,) = importlib.util.find_spec("openrlhf").submodule_search_locations
spec = importlib.util.spec_from_file_location("openrlhf_logging", Path(folder, "utils", "logging_utils.py"))
sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)

account = Namespace(key="0" * 40, org=None, project="openrlhf", group="g", run_name="ppo")
logger = module.WandbLogger(Namespace(logger=Namespace(wandb=account), lr=0.1, epochs=2))
for step in range(1, 4):
    logger.log_train(step, {"policy_loss": 1.0 / step, "kl": None, "generated_samples": [f"text {step}", 0.5 * step]})
logger.log_eval(3, {"accuracy": 0.75})
logger.close()
