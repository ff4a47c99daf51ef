"""Artifacts of files, folders, references and media, in several versions and with aliases."""

import pathlib

import wandb

pathlib.Path("data").mkdir()
pathlib.Path("data/one.txt").write_text("one")
pathlib.Path("data/two.txt").write_text("two")
with wandb.init(project="corpus") as run:
    artifact = wandb.Artifact("dataset", type="dataset", description="two files", metadata={"rows": 2})
    artifact.add_file("data/one.txt")
    artifact.add_dir("data", name="folder")
    with artifact.new_file("new.txt") as file:
        file.write("new")
    print(artifact.name, artifact.type, artifact.digest, sorted(artifact.manifest.entries))
    print(type(run.log_artifact(artifact, aliases=["best", "latest"])).__name__)
    pathlib.Path("data/one.txt").write_text("changed")
    run.log_artifact("data/one.txt", name="single", type="file")
    run.log_artifact("data", name="whole", type="folder")
    try:
        wandb.Artifact("bad name!/x", type="dataset")
    except Exception as error:
        print(type(error).__name__, error)
    try:
        artifact.add_file("missing.txt")
    except Exception as error:
        print(type(error).__name__, error)
