"""Settings given as object and as dict, read back and refused."""

import wandb

with wandb.init(project="corpus", settings=wandb.Settings(console="off", disable_code=True)) as run:
    print(run.settings.console, run.settings.disable_code, run.settings.project)
    run.log({"a": 1})
with wandb.init(project="corpus", settings={"run_name": "set", "run_tags": ("t",)}) as run:
    print(run.name, run.tags)
for wrong in ({"console": "sideways"}, {"no_such_setting": 1}, {"mode": "sometimes"}):
    try:
        wandb.Settings(**wrong)
        print("taken")
    except Exception as error:
        print(type(error).__name__, error)
