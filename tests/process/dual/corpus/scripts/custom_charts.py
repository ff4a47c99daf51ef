"""Charts that wandb draws from a table."""

import wandb

wandb.util._get_max_cli_version = lambda: None  # old releases ask their server, for a minute
with wandb.init(project="corpus") as run:
    table = wandb.Table(columns=["x", "y"], data=[[x, x * x] for x in range(5)])
    run.log({"line": wandb.plot.line(table, "x", "y", title="square")})
    run.log({"bar": wandb.plot.bar(table, "x", "y"), "scatter": wandb.plot.scatter(table, "x", "y")})
    run.log({"histogram": wandb.plot.histogram(table, "y")})
    run.log({"series": wandb.plot.line_series(xs=[0, 1], ys=[[1, 2], [3, 4]], keys=["a", "b"])})
    run.log({"nested": {"chart": wandb.plot.line(table, "x", "y"), "number": 1}})
    run.log({"confusion": wandb.plot.confusion_matrix(y_true=[0, 1, 1], preds=[0, 1, 0], class_names=["a", "b"])})
