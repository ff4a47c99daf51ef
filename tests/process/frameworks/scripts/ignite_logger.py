"""PyTorch-Ignite's WandBLogger: metrics of training and validation, the learning rate, watched weights."""

import torch
from ignite.engine import Events, create_supervised_evaluator, create_supervised_trainer
from ignite.handlers.wandb_logger import WandBLogger
from ignite.metrics import MeanAbsoluteError

torch.manual_seed(1)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
data = [(torch.randn(8, 4), torch.randn(8, 1)) for _ in range(3)]
trainer = create_supervised_trainer(model, optimizer, torch.nn.functional.mse_loss)
evaluator = create_supervised_evaluator(model, metrics={"mae": MeanAbsoluteError()})
trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: evaluator.run(data))

logger = WandBLogger(project="ignite", name="tiny", config={"max_epochs": 2}, tags=["i"])
logger.attach_output_handler(
    trainer, Events.ITERATION_COMPLETED, tag="training", output_transform=lambda loss: {"loss": loss}
)
logger.attach_output_handler(
    evaluator, Events.EPOCH_COMPLETED, tag="validation", metric_names=["mae"],
    global_step_transform=lambda *_: trainer.state.iteration,
)  # fmt: skip
logger.attach_opt_params_handler(trainer, Events.ITERATION_STARTED, optimizer=optimizer)
logger.watch(model, log="all", log_freq=2)
trainer.run(data, max_epochs=2)
logger.close()
