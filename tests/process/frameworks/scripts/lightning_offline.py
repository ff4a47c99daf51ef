"""A WandbLogger with `offline`, two processes with ddp_spawn, and what `offline` and metrics promise."""

import lightning
import torch
from lightning.pytorch.loggers import WandbLogger


class Model(lightning.LightningModule):
    """One layer."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 1)

    def training_step(self, batch, index):
        loss = self.layer(batch).pow(2).mean()
        self.log("loss", loss, sync_dist=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


if __name__ == "__main__":
    lightning.seed_everything(7)
    logger = WandbLogger(project="lightning", save_dir=".", id="lightning_offline-run", offline=True, group="pair")
    logger.experiment.config.update({"processes": 2})
    loader = torch.utils.data.DataLoader(torch.randn(16, 3), batch_size=4)
    trainer = lightning.Trainer(
        max_epochs=2,
        logger=logger,
        accelerator="cpu",
        devices=2,
        strategy="ddp_spawn",
        log_every_n_steps=1,
        enable_progress_bar=False,
        enable_checkpointing=False,
    )
    trainer.fit(Model(), loader)
    logger.experiment.finish()
