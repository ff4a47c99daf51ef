"""A model logged by its path, and code of the working folder."""

import pathlib

import wandb

pathlib.Path("model.bin").write_bytes(bytes(1000))
pathlib.Path("helper.py").write_text("x = 1\n")
with wandb.init(project="corpus") as run:
    if hasattr(run, "log_model"):
        print(run.log_model("model.bin", name="net", aliases=["first"]))
    code = run.log_code(".", include_fn=lambda path: path.endswith("helper.py"))
    print(type(code).__name__, sorted(code.manifest.entries))
    print(run.log_code("data"))
