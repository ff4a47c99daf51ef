"""Files given to `save`: one, a glob, in a folder, missing."""

import pathlib

import wandb

pathlib.Path("out").mkdir()
for name in ("out/a.txt", "out/b.txt", "top.txt"):
    pathlib.Path(name).write_text(name)
with wandb.init(project="corpus") as run:
    for arguments in (("top.txt",), ("out/*.txt",), ("out/a.txt", "out"), ("missing.txt",), ("*.txt", ".", "now")):
        try:
            saved = run.save(*arguments)
            print(arguments, sorted(path.split("files/")[-1] for path in saved) if saved else saved)
        except Exception as error:
            print(type(error).__name__, error)
    for name in (5, None):
        try:
            print(run.save(name))
        except Exception as error:
            print(type(error).__name__, error)
