"""Composer's trainer with its WandBLogger: metrics of batches, images, a table, and checkpoints as artifacts."""

import numpy as np
import torch
from composer import Trainer
from composer.core import Callback
from composer.loggers import WandBLogger
from composer.models import ComposerClassifier

import wandb

wandb.util._get_max_cli_version = lambda: None  # 0.18 asks its server, for minutes, when it logs a table offline
torch.manual_seed(7)


class Pictures(Callback):
    """Logs media when the training ends."""

    def fit_end(self, state, logger):
        logger.log_images(np.zeros((2, 4, 4, 3), np.float32), name="pictures", channels_last=True)
        logger.log_table(["a", "b"], [[1, "x"], [2, "y"]], name="rows")


rows = [(torch.randn(3), torch.tensor(number % 2)) for number in range(16)]
model = ComposerClassifier(torch.nn.Linear(3, 2), num_classes=2)
Trainer(
    model=model,
    train_dataloader=torch.utils.data.DataLoader(rows, batch_size=4),
    eval_dataloader=torch.utils.data.DataLoader(rows, batch_size=4),
    optimizers=torch.optim.SGD(model.parameters(), lr=0.1),
    max_duration="2ep",
    device="cpu",
    run_name="composed",
    seed=7,
    loggers=[WandBLogger(project="composer", tags=["c"], log_artifacts=True)],
    callbacks=[Pictures()],
    save_folder="checkpoints",
    progress_bar=False,
).fit()
