"""Lightning's own WandbLogger reads back what it has logged."""

import pytest

import wandb
from wandb_compat.server.serve import Running

lightning = pytest.importorskip("lightning", exc_type=ImportError)


def test_a_checkpoint_is_used_by_a_later_run(pluto_server: Running, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`log_model` of one run is found by name in the next, downloaded, and loads."""
    import torch
    from lightning.pytorch.demos.boring_classes import BoringModel
    from lightning.pytorch.loggers import WandbLogger

    monkeypatch.chdir(tmp_path)
    for variable, value in pluto_server.environment().items():
        monkeypatch.setenv(variable, value)
    logger = WandbLogger(project="checkpoints", log_model=True)
    trainer = lightning.Trainer(max_epochs=1, limit_train_batches=2, logger=logger, accelerator="cpu")
    model = BoringModel()
    trainer.fit(model)
    name = f"model-{logger.experiment.id}:latest"
    wandb.finish()

    later = WandbLogger(project="checkpoints")
    used = later.use_artifact(name, artifact_type="model")
    folder = later.download_artifact(f"checkpoints/{name}", save_dir=str(tmp_path / "there"), use_artifact=False)
    wandb.finish()
    assert used.type == "model" and "best" in used.aliases
    weights = torch.load(f"{folder}/model.ckpt", weights_only=False)["state_dict"]
    assert torch.equal(weights["layer.weight"], model.layer.weight)
