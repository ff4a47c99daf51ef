"""Lightning Fabric: a small model is trained for real."""

import pytest

import wandb

lightning = pytest.importorskip("lightning", exc_type=ImportError)


def test_a_training_of_fabric(read) -> None:
    """What Fabric logs arrives: metrics with their step, hyperparameters, gradients, pictures, pages."""
    import torch

    from wandb.integration.lightning.fabric import WandbLogger

    logger = WandbLogger(project="fabric", offline=True, prefix="mine")
    fabric = lightning.Fabric(accelerator="cpu", devices=1, loggers=[logger])
    plain = torch.nn.Linear(2, 1)
    model, optimizer = fabric.setup(plain, torch.optim.SGD(plain.parameters(), 0.1))
    logger.log_hyperparams({"lr": 0.1})
    logger.watch(plain, log="all", log_freq=1)
    for step in range(3):
        loss = model(torch.ones(4, 2)).pow(2).mean()
        fabric.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
        fabric.log("loss", loss, step=step)
    logger.log_image("picture", [torch.rand(3, 8, 8)])
    logger.log_html("page", ["<b>x</b>"], inject=[False])
    with pytest.raises(ValueError, match="1 pages and 2 values for inject"):
        logger.log_html("page", ["<b>x</b>"], inject=[False, True])
    logger.finalize("success")
    run = logger.experiment
    assert run.project == "fabric" and run.config["lr"] == 0.1
    wandb.finish()
    found = read(run)
    losses = [row for _, row in found.rows() if "mine-loss" in row]
    assert [row["trainer/global_step"] for row in losses] == [0, 1, 2]
    assert losses[0]["mine-loss"] > losses[2]["mine-loss"]
    assert {file["key"] for file in found.all("file")} >= {"mine-picture", "mine-page"}
    assert {one["logName"] for one in found.all("data")} >= {"gradients/weight", "parameters/weight"}
