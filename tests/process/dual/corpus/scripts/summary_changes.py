"""A summary that is set, nested, updated and deleted by hand."""

import wandb

with wandb.init(project="corpus") as run:
    run.log({"loss": 1, "accuracy": 0.5})
    run.summary["best"] = 0.9
    run.summary["nested"] = {"a": 1, "b": {"c": 2}}
    run.summary["nested"]["a"] = 3
    run.summary.update({"one": 1, "two": [1, 2], "none": None, "nan": float("nan"), "inf": float("inf")})
    run.summary["histogram"] = wandb.Histogram([1, 2, 3])
    run.summary["gone"] = 1
    del run.summary["gone"]
    run.summary["loss"] = 0.25
    print(run.summary["loss"], run.summary.get("missing"), sorted(run.summary.keys()), dict(run.summary["nested"]))
    try:
        run.summary["missing"]
    except Exception as error:
        print(type(error).__name__, error)
    run.log({"accuracy": 0.75})
