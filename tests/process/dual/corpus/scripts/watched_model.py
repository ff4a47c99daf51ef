"""A torch model that is watched: gradients, parameters and the graph."""

import torch

import wandb

torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with wandb.init(project="corpus") as run:
    print(type(run.watch(model, log="all", log_freq=2, log_graph=True)).__name__)
    for _ in range(6):
        loss = model(torch.ones(3, 4)).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        run.log({"loss": loss, "item": loss.item()})
    print(run.unwatch(model))
    run.log({"tensor": torch.arange(5), "weights": wandb.Histogram(model[0].weight.detach())})
