"""Calls on a run that is over, and on the module without a run."""

import wandb

calls = {
    "log": lambda: wandb.log({"a": 1}),
    "config": lambda: wandb.config.x,
    "summary": lambda: wandb.summary["x"],
    "save": lambda: wandb.save("x"),
    "watch": lambda: wandb.watch(None),
    "alert": lambda: wandb.alert("a", "b"),
}
for when in ("before", "after"):
    for name, call in calls.items():
        try:
            print(when, name, call())
        except Exception as error:
            print(when, name, type(error).__name__, error)
    if when == "before":
        run = wandb.init(project="corpus")
        run.log({"a": 1})
        run.finish()
for name, call in {
    "log": lambda: run.log({"a": 2}),
    "config": lambda: run.config.update({"a": 1}),
    "summary": lambda: run.summary.update({"a": 1}),
    "name": lambda: setattr(run, "name", "x"),
    "define": lambda: run.define_metric("x"),
    "alert": lambda: run.alert("a", "b"),
    "finish": lambda: run.finish(),
    "with": lambda: run.__enter__(),
}.items():
    try:
        print(name, call())
    except Exception as error:
        print(name, type(error).__name__, error)
