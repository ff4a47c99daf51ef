"""A run that is to begin at a step of another."""

import wandb

for given in (
    {"fork_from": "abc?_step=5"},
    {"resume_from": "abc?_step=5"},
    {"fork_from": "nonsense"},
    {"fork_from": "abc?_step=5", "resume": "allow"},
):
    try:
        with wandb.init(project="corpus", **given) as run:
            run.log({"a": 1})
            print(given, "begun")
    except Exception as error:
        print(given, type(error).__name__, error)
