"""Name, notes, tags, group and job type, given and changed."""

import wandb

with wandb.init(
    project="corpus", name="first", notes="some\nnotes", tags=["a", "b"], group="g", job_type="train"
) as run:
    print(run.name, run.notes, run.tags, run.group, run.job_type, run.project, run.entity)
    run.name = "second"
    run.notes = "other"
    run.tags += ("c",)
    print(run.name, run.notes, run.tags)
    run.tags = ["only"]
    print(run.tags, run.project_name() if hasattr(run, "project_name") else None)
    for attribute, value in (("project", "x"), ("id", "y"), ("step", 5), ("group", "h"), ("tags", 5)):
        try:
            setattr(run, attribute, value)
            print(attribute, "set")
        except Exception as error:
            print(attribute, type(error).__name__, error)
    run.log({"a": 1})
