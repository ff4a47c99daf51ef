"""Alerts of every level, and wrong ones."""

import wandb

with wandb.init(project="corpus") as run:
    print(run.alert("title", "text"))
    print(run.alert(title="warn", text="again", level=wandb.AlertLevel.WARN, wait_duration=10))
    run.alert("error", "text", level="ERROR")
    for wrong in ({"level": "LOUD"}, {"wait_duration": "long"}):
        try:
            print(run.alert("title", "text", **wrong))
        except Exception as error:
            print(type(error).__name__, error)
