"""Metrics with their own steps and summaries, by name and by glob."""

import wandb

with wandb.init(project="corpus") as run:
    print(type(run.define_metric("epoch")).__name__)
    run.define_metric("train/*", step_metric="epoch")
    run.define_metric("val/*", summary="min")
    run.define_metric("accuracy", summary="max")
    run.define_metric("both", summary="min,max,mean,last")
    run.define_metric("hidden", hidden=True)
    run.define_metric("quiet", summary="none")
    run.define_metric("first", summary="first")
    run.define_metric("late/*", step_metric="late/step", step_sync=True)
    for key in ("late/loss", "late/step", "late/loss"):  # before there is a step, it is 0
        run.log({key: 7})
    for epoch in range(4):
        run.log({"epoch": epoch, "train/loss": 4 - epoch, "val/loss": abs(epoch - 2), "accuracy": epoch % 3})
        run.log({"both": epoch, "hidden": epoch, "quiet": epoch, "first": epoch})
    for wrong in ({"summary": "unknown"}, {"goal": "maximize"}, {"step_metric": 5}):
        try:
            run.define_metric("x", **wrong)
        except Exception as error:
            print(type(error).__name__, error)
