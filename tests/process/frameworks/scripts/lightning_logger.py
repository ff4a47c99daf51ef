"""A Lightning trainer with a WandbLogger: checkpoints as artifacts, images, a table, text, watched gradients."""

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import LearningRateMonitor, ModelCheckpoint
from lightning.pytorch.loggers import WandbLogger

lightning.seed_everything(7)


class Model(lightning.LightningModule):
    """One layer."""

    def __init__(self, rate=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(3, 1)

    def training_step(self, batch, index):
        loss = self.layer(batch).pow(2).mean()
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch, index):
        self.log("val_loss", self.layer(batch).pow(2).mean())

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=self.hparams.rate)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]


logger = WandbLogger(name="lit", project="lightning", log_model="all", tags=["t"], save_dir=".")
model = Model()
logger.watch(model, log="all", log_freq=2)
loader = torch.utils.data.DataLoader(torch.randn(16, 3), batch_size=4)
trainer = lightning.Trainer(
    max_epochs=2,
    logger=logger,
    accelerator="cpu",
    log_every_n_steps=1,
    callbacks=[ModelCheckpoint(monitor="val_loss", save_top_k=2), LearningRateMonitor()],
    enable_progress_bar=False,
)
trainer.fit(model, loader, loader)
logger.log_image("pictures", [np.full((4, 4, 3), shade, np.uint8) for shade in (0, 90)], caption=["dark", "light"])
logger.log_table("rows", columns=["a", "b"], data=[[1, "x"], [2, "y"]])
logger.log_text("texts", columns=["text"], data=[["hello"]])
logger.experiment.summary["best"] = 0.25
logger.experiment.finish()
