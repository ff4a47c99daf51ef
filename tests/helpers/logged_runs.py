"""Logs the runs that the tests read back, and writes down what it has logged: the truth to compare with."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy

import wandb

TRUTH: dict = {}


def rich() -> None:
    """A run with one of everything."""
    run = wandb.init(
        project="rich",
        entity="team",
        id="rich1",
        name="first name",
        config={"lr": 0.1, "model": {"depth": 3, "sizes": [1, 2]}, "flag": True, "none": None, "wandb": {"mine": 1}},
        tags=["a", "b"],
        group="g1",
        job_type="train",
        notes="some notes",
    )
    rows = []
    for step in range(5):
        row = {"loss": 1 / (step + 1), "train/acc": step, "nested": {"deep": {"x": step * 2}}, "remark": f"text {step}"}
        run.log(row)
        rows.append(row)
    pixels = numpy.arange(48, dtype=numpy.uint8).reshape(4, 4, 3)
    image = wandb.Image(pixels, caption="a picture")
    run.log(
        {
            "picture": image,
            "pictures": [wandb.Image(pixels), wandb.Image(pixels)],
            "spread": wandb.Histogram(np_histogram=([1, 2, 3], [0.0, 1.0, 2.0, 3.0])),
            "table": wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]]),
            "page": wandb.Html("<p>hello</p>", inject=False),
            "odd": math.nan,
            "huge": math.inf,
        }
    )
    run.summary["best"] = 0.5
    run.summary["per_class"] = {"cat": 0.25, "dog": 0.75}
    run.name = "second name"
    Path("sub").mkdir()
    Path("sub/notes.txt").write_text("saved\n", encoding="utf-8")
    Path("weights.bin").write_bytes(bytes(range(256)))
    Path("ünïcode.txt").write_text("odd name\n", encoding="utf-8")
    for name in ("sub/notes.txt", "weights.bin", "ünïcode.txt"):
        run.save(name)
    for text in ("one", "two"):
        artifact = wandb.Artifact("model", "weights", metadata={"text": text})
        with artifact.new_file("file.txt") as file:
            file.write(text)
        run.log_artifact(artifact, aliases=["best"] if text == "one" else None).wait()
    other = wandb.Artifact("data", "dataset")
    other.add_file("weights.bin")
    run.log_artifact(other).wait()
    run.use_artifact("model:v0")
    print("a line of the console")
    TRUTH["rich"] = {"rows": rows, "url": run.url, "start": run.start_time}
    run.finish()


def ended(how: str) -> None:
    """A run that ends in some way."""
    run = wandb.init(project="ends", id=how, config={"how": how}, settings=wandb.Settings(console="off"))
    run.log({"x": 1})
    if how == "killed":
        run.finish(255)
    elif how == "failed":
        run.finish(3)
    elif how == "crashed":
        while run.url is None:  # killed before its uploader has begun, it would only be on disk
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGKILL)
    else:
        run.finish()


def grid() -> None:
    """Runs to filter and to order."""
    for number, (lr, model, group) in enumerate(
        [(0.1, "cnn", "g1"), (0.01, "cnn", "g1"), (0.001, "mlp", "g2"), (0.1, "mlp", None), (1, "vit-b", "g2")]
    ):
        # In a sweep the arguments of `init` do not say where a run belongs.
        where = {"project": "grid", "run_id": f"grid{number}", "sweep_id": "swp" if number in (1, 2) else None}
        extra = {"extra": "x"} if number == 2 else {}
        run = wandb.init(
            name=f"run {number}",
            config={"lr": lr, "model": {"kind": model}, "layers": [number, 7], **extra},
            tags=["even" if number % 2 == 0 else "odd", *(["first"] if number == 0 else [])],
            group=group,
            job_type="train" if number < 4 else "eval",
            settings=wandb.Settings(console="off", **where),
        )
        if number != 3:  # the one that has no accuracy
            run.log({"acc": number / 10, "loss": [3, 1, 2, 0, 5][number]})
        if number == 4:
            run.name = "renamed"
        run.finish(1 if number == 3 else 0)


def main() -> None:
    """Log everything; the runs that end in different ways are separate processes."""
    if len(sys.argv) > 1:
        ended(sys.argv[1])
        return
    others = [subprocess.Popen([sys.executable, __file__, how]) for how in ("finished", "failed", "killed", "crashed")]
    rich()
    grid()
    for other in others:
        other.wait()
    Path("truth.json").write_text(json.dumps(TRUTH), encoding="utf-8")


if __name__ == "__main__":
    main()
