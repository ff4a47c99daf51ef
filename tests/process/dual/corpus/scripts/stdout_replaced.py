"""Streams that the script itself replaces while a run goes on."""

import contextlib
import io
import sys

import wandb

before = sys.stdout
with wandb.init(project="corpus", settings=wandb.Settings(console="wrap")) as run:
    buffer = io.StringIO()
    with contextlib.redirect_stdout(buffer):
        print("caught")
    print(repr(buffer.getvalue()), sys.stdout is before)
    run.log({"a": 1})
print(sys.stdout is before)
