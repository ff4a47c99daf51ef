"""A hydra application: its configuration goes to wandb through OmegaConf, and it runs in hydra's own folder."""

from pathlib import Path

import hydra
from omegaconf import DictConfig, OmegaConf

import wandb

Path("conf").mkdir(exist_ok=True)
Path("conf/config.yaml").write_text(
    "model: {layers: [8, 4], act: relu, width: '${model.layers.0}'}\n"
    "optim: {lr: 0.1}\n"
    "wandb: {project: hydra, tags: [a, b]}\n"
)


@hydra.main(version_base=None, config_path=str(Path("conf").absolute()), config_name="config")
def main(cfg: DictConfig) -> None:
    """Train."""
    wandb.config = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    run = wandb.init(
        config=OmegaConf.to_container(cfg, resolve=True), tags=list(cfg.wandb.tags), project=cfg.wandb.project, dir="."
    )
    run.config.update({"job": hydra.core.hydra_config.HydraConfig.get().job.name})
    for epoch in range(4):
        wandb.log({"epoch": epoch, "loss": cfg.optim.lr / (epoch + 1)})
    Path("model.txt").write_text("weights")
    wandb.save("model.txt")
    artifact = wandb.Artifact("settings", type="config", metadata=OmegaConf.to_container(cfg.model, resolve=True))
    artifact.add_file("model.txt")
    wandb.log_artifact(artifact)
    wandb.finish()


main()
