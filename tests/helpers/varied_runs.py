"""Logs many varied runs with the real wandb in dual mode: each a different choice of what scripts do."""

import math
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import wandb

PIXELS = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
Act = Callable[[Any, random.Random], object]


def table(n: int) -> wandb.Table:
    """Return a table of n rows."""
    return wandb.Table(columns=["n", "text"], data=[[i, f"row {i}"] for i in range(n)])


def artifact(run: Any, rng: random.Random) -> None:
    """Log one or two versions."""
    for n in range(rng.randint(1, 2)):
        made = wandb.Artifact("data", "dataset", metadata={"n": n})
        with made.new_file("n.txt") as file:
            file.write(f"{run.id} {n}")
        run.log_artifact(made)


def saved(run: Any, rng: random.Random) -> None:
    """Save a file, and leave one in the run's folder."""
    Path(f"{run.id}.txt").write_text(str(rng.random()), encoding="utf-8")
    run.save(f"{run.id}.txt")
    Path(run.dir, "left.txt").write_text("left", encoding="utf-8")


def summary(run: Any, rng: random.Random) -> None:
    """Set and delete values of the summary."""
    run.summary["best"] = rng.random() / 3
    run.summary["gone"] = 1
    del run.summary["gone"]
    run.summary["nested"] = {"a": rng.random(), "large": 2**60 + rng.randint(0, 99)}


def config(run: Any, rng: random.Random) -> None:
    """Set, replace and nest values of the configuration."""
    run.config["seed"] = rng.getrandbits(63)
    run.config.update({"opt": {"name": "adam", "lr": rng.random() / 3}, "_target_": "a.B"}, allow_val_change=True)
    run.config["list"] = [1, 2.5, None, "x"]


def defined(run: Any, rng: random.Random) -> None:
    """Define metrics and log them."""
    run.define_metric("epoch")
    run.define_metric("val/*", step_metric="epoch")
    run.define_metric("low", summary=rng.choice(["min", "max", "mean"]))
    for epoch in range(3):
        run.log({"epoch": epoch, "val/loss": rng.random(), "low": rng.random()})


def one_step(run: Any, rng: random.Random) -> None:
    """Log every kind several times in one step."""
    step = run.step
    for n in range(2):
        run.log({"t": f"text {n}", "h": wandb.Histogram([n, 1, 2]), "i": wandb.Image(PIXELS), "x": n}, step=step)
    run.log({"next": 1}, step=step + 1)


def described(run: Any, rng: random.Random) -> None:
    """Change name, notes and tags."""
    run.name, run.notes = f"renamed {rng.random()}", "ünïcode notes"
    run.tags = (*run.tags, "late", f"t{rng.randint(0, 9)}")


ACTS: dict[str, Act] = {
    "numbers": lambda run, rng: [run.log({"loss": rng.random() ** 20, "n": i}) for i in range(rng.randint(1, 40))],
    "odd numbers": lambda run, rng: run.log({"nan": math.nan, "inf": -math.inf, "tiny": 5e-324, "big": 2**52 + 1}),
    "numpy": lambda run, rng: run.log({"f32": np.float32(rng.random()), "i": np.int64(3), "b": np.bool_(True)}),
    "nested": lambda run, rng: run.log({"a": {"b": {"c": rng.random()}, "d": "text"}}),
    "texts": lambda run, rng: [run.log({"text": f"{i} ünï 训练"}) for i in range(3)],
    "keys": lambda run, rng: run.log({"训练/损失": 1, "with space": 2, "a.b": 3, "ümlaut": "text"}),
    "lists": lambda run, rng: run.log(
        {"short": [1, 2.5], "long": [rng.random() for _ in range(20)], "mixed": ["a", 1]}
    ),
    "arrays": lambda run, rng: run.log({"small": np.arange(4), "large": np.arange(100) * rng.random()}),
    "histogram": lambda run, rng: run.log({"hist": wandb.Histogram([rng.random() for _ in range(50)])}),
    "image": lambda run, rng: run.log({"img": wandb.Image(PIXELS, caption=f"c{rng.random()}")}),
    "images": lambda run, rng: run.log(
        {"imgs": [wandb.Image(PIXELS, caption=str(n)) for n in range(rng.randint(1, 4))]}
    ),
    "html": lambda run, rng: run.log({"page": wandb.Html(f"<p>{rng.random()}")}),
    "audio": lambda run, rng: run.log({"sound": wandb.Audio(np.zeros(80), sample_rate=8000)}),
    "table": lambda run, rng: run.log({"table": table(rng.randint(1, 5))}),
    "chart": lambda run, rng: run.log({"chart": wandb.plot.line(table(3), "n", "n", title="t")}),
    "steps": lambda run, rng: [run.log({"far": i}, step=run.step + rng.randint(1, 50)) for i in range(5)],
    "commits": lambda run, rng: (run.log({"part": 1}, commit=False), run.log({"rest": 2})),
    "one step": one_step,
    "artifact": artifact,
    "files": saved,
    "summary": summary,
    "config": config,
    "metrics": defined,
    "description": described,
    "alert": lambda run, rng: run.alert(f"title {rng.random()}", "text"),
    "console": lambda run, rng: [print("line", i, rng.random()) for i in range(3)],
}


def main(count: int) -> None:
    """Log the runs; each does three to six things, and everything is done by some."""
    names = list(ACTS)
    for number in range(count):
        rng = random.Random(number)
        chosen = {names[number % len(names)], *rng.sample(names, rng.randint(2, 5))}
        settings = wandb.Settings(x_disable_meta=True, x_disable_stats=True, quiet=True)
        about = {
            "id": f"varied{number}",
            "tags": ["v"],
            "group": rng.choice(["g", None]),
            "notes": rng.choice(["n", None]),
        }
        run = wandb.init(config={"acts": sorted(chosen)}, settings=settings, **about)
        for name in sorted(chosen, key=lambda _: rng.random()):
            ACTS[name](run, rng)
        run.finish(exit_code=int(number % 7 == 3))


if __name__ == "__main__":
    main(int(sys.argv[1]))
