"""Configuration from a file of defaults, a file by name and a list of keys to leave out."""

import pathlib

import wandb

pathlib.Path("config-defaults.yaml").write_text("default:\n  value: 1\n")
pathlib.Path("mine.yaml").write_text("lr:\n  desc: rate\n  value: 0.5\n")
for given in ({"config": "mine.yaml"}, {"config": {"a": 1, "b": 2}, "config_exclude_keys": ["b"]}):
    try:
        with wandb.init(project="corpus", **given) as run:
            print(dict(run.config))
    except Exception as error:
        print(type(error).__name__, error)
