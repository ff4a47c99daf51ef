"""A watched PyTorch model on the server."""

from tests.helpers.server_state import Script, Server


def test_histograms_and_graph_arrive(script: Script, server: Server, project: str) -> None:
    """Gradients and parameters are histograms at their steps, and the run has the model's graph."""
    script(
        """
        import torch, wandb
        net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 1))
        with wandb.init() as run:
            run.watch(net, log="all", log_freq=1, log_graph=True)
            for step in range(2):
                net(torch.ones(1, 2)).sum().backward()
                run.log({"loss": step})
        """
    )
    run = server.run(project)
    kinds = {key["logName"]: key["logType"] for key in run["logNames"]}
    assert kinds["gradients/0.weight"] == kinds["parameters/1.bias"] == "HISTOGRAM"
    graph = server.get("/api/embedded/modelGraph", projectName=project, runId=run["id"])["graph"]
    assert {name: node["type"] for name, node in graph["nodes"].items()} == {
        ".": "Sequential",
        "0": "Linear",
        "1": "Linear",
    }
