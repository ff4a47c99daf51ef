"""lerobot's WandBLogger: rows of training and evaluation, a video and a checkpoint."""

import importlib.util
import os
import sys
import types
from pathlib import Path
from types import SimpleNamespace

# Its configuration imports what only a robot needs: what the logger takes of the package stands in.
for name, values in {
    "lerobot.configs": {}, "lerobot.configs.train": {"TrainPipelineConfig": object},
    "lerobot.utils": {}, "lerobot.utils.constants": {"PRETRAINED_MODEL_DIR": "pretrained_model"},
    "huggingface_hub": {}, "huggingface_hub.constants": {"SAFETENSORS_SINGLE_FILE": "model.safetensors"},
    "termcolor": {"colored": lambda text, *_, **__: text},
}.items():  # fmt: skip
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(values)
(folder,) = importlib.util.find_spec("lerobot").submodule_search_locations
spec = importlib.util.spec_from_file_location("wandb_utils", Path(folder, "rl", "wandb_utils.py"))
sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)

account = SimpleNamespace(
    run_id=None, project="lerobot", entity=None, notes="noted", disable_artifact=False, mode=os.getenv("WANDB_MODE", "")
)
cfg = SimpleNamespace(
    wandb=account, output_dir=Path("out"), job_name="tiny", resume=False, seed=1, dataset=None,
    env=SimpleNamespace(fps=4, type="pusht"), policy=SimpleNamespace(type="act"),
    to_dict=lambda: {"seed": 1, "policy": {"type": "act"}},
)  # fmt: skip
cfg.output_dir.mkdir()
logger = module.WandBLogger(cfg)
for step in range(1, 4):
    logger.log_dict({"loss": 1.0 / step, "lr": 0.1, "note": "fine"}, step=step)
logger.log_dict({"success": 0.5}, step=3, mode="eval")
logger.log_dict({"q": 0.25, "Interaction step": 7}, custom_step_key="Interaction step")
checkpoint = Path("checkpoints", "000003", "pretrained_model")
checkpoint.mkdir(parents=True)
(checkpoint / "model.safetensors").write_bytes(b"weights")
logger.log_policy(checkpoint.parent)
Path("eval.mp4").write_bytes(b"the film")
logger.log_video("eval.mp4", 9, mode="eval")
