"""Logs a run with everything that `compare` looks at, with the real wandb in dual mode."""

import math
import sys
from pathlib import Path

import numpy as np

import wandb

PIXELS = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
BOX = {"position": {"minX": 0.1, "maxX": 0.5, "minY": 0, "maxY": 1}, "class_id": 1, "box_caption": "cat"}
BOXES = {"found": {"box_data": [BOX], "class_labels": {1: "cat"}}}
MASKS = {"truth": {"mask_data": np.zeros((4, 4), np.uint8), "class_labels": {0: "bg"}}}


def media() -> dict:
    """Media and tables."""
    lines = wandb.Table(columns=["x", "y"], data=[[0, 1], [1, 2]])
    return {
        "picture": wandb.Image(PIXELS, caption="a picture", boxes=BOXES, masks=MASKS),
        "pictures": [wandb.Image(PIXELS, caption=str(n)) for n in range(3)],
        "table": wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]]),
        "page": wandb.Html("<p>hello</p>", inject=False),
        "pictable": wandb.Table(columns=["i"], data=[[wandb.Image(PIXELS)]]),
        "chart": wandb.plot.line(lines, "x", "y", title="t"),
        "sound": wandb.Audio(np.zeros(80), sample_rate=8000),
    }


def main() -> None:
    """Log the run."""
    config = {"lr": 0.1, "third": 1 / 3, "seed": 2**60 + 1, "net": {"width": 4, "sizes": [1, 2]}, "flag": True}
    config |= {"none": None, "_target_": "a.B", "text": "x"}
    settings = wandb.Settings(x_disable_meta=True, x_disable_stats=True)
    about = {"id": "rich", "name": "rich run", "notes": "some notes", "tags": ["a", "b"], "group": "g", "job_type": "j"}
    run = wandb.init(config=config, settings=settings, **about)
    run.define_metric("epoch")
    run.define_metric("val/*", step_metric="epoch")
    run.define_metric("loss", summary="min")
    for step in range(5):
        row = {"loss": 1 / (step + 1), "val/acc": step / 7, "epoch": step, "remark": f"text {step}", "few": [step, 2.5]}
        row |= {"flag": step % 2 == 0, "many": list(range(step, step + 20)), "nested": {"x": step}}
        run.log({**row, "hist": wandb.Histogram([step, 2, 2, 5], num_bins=4), "words": ["a", str(step)]})
        print("line", step)
    run.log({**media(), "nan": math.nan, "inf": math.inf, "answer": "NaN"})
    run.summary["best"] = 0.1 + 0.2
    run.summary["deep"] = {"cat": 0.25}
    Path("notes.txt").write_text("saved\n", encoding="utf-8")
    Path("empty.txt").touch()
    run.save("notes.txt")
    run.save("empty.txt")
    Path(run.dir, "written.txt").write_text("in the run's directory", encoding="utf-8")
    for text in ("one", "two"):
        artifact = wandb.Artifact("model", "weights", description="words", metadata={"text": text, "n": 1})
        for name, content in (("file.txt", text), ("dir/more.txt", "same")):
            with artifact.new_file(name) as file:
                file.write(content)
        run.log_artifact(artifact, aliases=["best"] if text == "one" else ["last"])
    run.config["later"] = [1, None]
    run.alert("title", "text")
    print("err", file=sys.stderr)
    run.finish()


if __name__ == "__main__":
    main()
