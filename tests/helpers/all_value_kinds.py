"""Logs a value of every kind that wandb takes, the same in every mode; `LENT` names the folder of further libraries."""

import io
import math
import os
import sys
import wave
from pathlib import Path

sys.path.append(os.environ["LENT"])  # torch and its like are too large for a separate environment

import bokeh.plotting
import matplotlib.pyplot as plt
import numpy
import pandas
import plotly.graph_objects
import sklearn.datasets
import sklearn.linear_model
import torch
from PIL import Image

import wandb

RNG = numpy.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (8, 10, 3), dtype=numpy.uint8)
MODES = ("1", "L", "LA", "P", "RGB", "RGBA")  # those that the real wandb can write
BOXES = {
    "found": {
        "box_data": [
            {
                "position": {"minX": 0.1, "maxX": 0.5, "minY": 0, "maxY": 1},
                "class_id": 1,
                "box_caption": "a cat",
                "scores": {"p": 0.5},
            },
            {"position": {"middle": [4, 4], "width": 2, "height": 3}, "domain": "pixel", "class_id": 2},
        ],
        "class_labels": {1: "cat", 2: "dog"},
    }
}
MASKS = {
    "truth": {"mask_data": RNG.integers(0, 3, (8, 10), dtype=numpy.uint8), "class_labels": {1: "cat"}},
    "guess": {"mask_data": RNG.integers(0, 9, (8, 10), dtype=numpy.uint8)},
}
CLASSES = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]


def files() -> None:
    """Write what the values name."""
    with wave.open("tone.wav", "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(8000)
        file.writeframes(numpy.arange(800, dtype=numpy.int16).tobytes())
    Image.fromarray(COLOUR).save("photo.png")
    Image.fromarray(COLOUR).save("photo.jpg")
    Image.fromarray(COLOUR).save("clip.gif")
    texts = {"m.pdb": "HEADER\nEND\n", "p.html": "<p>page</p>", "c.pts.json": "[[1, 2, 3]]", "mesh.obj": "v 0 0 0\n"}
    texts |= {"saved/a.txt": "a", "saved/deep/b.txt": "b", "live.txt": "early", "data/x.csv": "1,2\n", "data/y/z": "z"}
    for name, text in texts.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")


def plain() -> dict:
    """Numbers, texts, arrays."""
    return {
        "int": 1,
        "large": 2**70,
        "bool": True,
        "float": 0.1,
        "nan": math.nan,
        "inf": -math.inf,
        "none": None,
        "text": "wörd",
        "long": "x" * 300,
        "nested": {"a": 1, "b": {"c": 2.5, "d": "t"}},
        "list": [1, 2, 3],
        "many": list(range(40)),
        "numpy": numpy.float32(0.5),
        "array": RNG.normal(size=100),
        "torch": torch.tensor(0.25, requires_grad=True),
        "tensor": torch.arange(50.0),
        "empty": {},
    }


def images() -> dict:
    """Images of every origin."""
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot([1, 3, 2])
    colours = Image.fromarray(COLOUR)
    return {
        "rgb": wandb.Image(COLOUR, caption="caption", grouping=3),
        "grey": wandb.Image(COLOUR[..., 0]),
        "one channel": wandb.Image(COLOUR[..., :1]),
        "alpha": wandb.Image(numpy.dstack([COLOUR, COLOUR[..., 0]])),
        "mode": wandb.Image(COLOUR, mode="L"),
        "jpg": wandb.Image(COLOUR, file_type="jpg"),
        "bmp": wandb.Image(COLOUR, file_type="bmp"),
        "floats": wandb.Image(COLOUR / 255.0),
        "signed": wandb.Image(COLOUR / 127.5 - 1),
        "bools": wandb.Image(COLOUR[..., 0] > 99),
        "wide": wandb.Image(COLOUR.astype(numpy.int64)),
        "large floats": wandb.Image(COLOUR.astype(float)),
        "torch": wandb.Image(torch.rand(3, 8, 10, generator=torch.Generator().manual_seed(0))),
        "torch bytes": wandb.Image(torch.from_numpy(COLOUR).permute(2, 0, 1)),
        "path": wandb.Image("photo.png"),
        "jpeg path": wandb.Image(Path("photo.jpg"), caption="a path"),
        "again": wandb.Image(wandb.Image(COLOUR, caption="inner")),
        "figure": wandb.Image(figure),
        "annotated": wandb.Image(COLOUR, boxes=BOXES, masks=MASKS, classes=CLASSES),
        "list": [wandb.Image(COLOUR[:n], caption=f"{n} rows", masks=MASKS if n == 3 else None) for n in (4, 3, 2)],
        **{f"pil {mode}": wandb.Image(colours.convert("L").convert(mode)) for mode in MODES},
    }


def media() -> dict:
    """Sounds, films, pages, shapes."""
    graph = wandb.Graph()
    graph.add_edge(graph.add_node(id=0, name="in"), graph.add_node(id=1, name="out"))
    box = wandb.box3d(center=(1, 2, 3), size=(1, 1, 1), orientation=(1, 2, 3, 4), color=(1, 0, 0), label="box")
    sound = numpy.sin(numpy.arange(800) / 9)
    return {
        "audio": wandb.Audio(sound, sample_rate=8000, caption="sine"),
        "stereo": wandb.Audio(numpy.stack([sound, -sound], 1).astype(numpy.float32), sample_rate=8000),
        "audio path": wandb.Audio("tone.wav"),
        "audios": [wandb.Audio(sound[:n], sample_rate=8000, caption=str(n)) for n in (100, 200)],
        "video path": wandb.Video("clip.gif", caption="clip"),
        "video bytes": wandb.Video(io.BytesIO(Path("clip.gif").read_bytes()), format="gif"),
        "html": wandb.Html("<b>bold</b>"),
        "html plain": wandb.Html("<b>bold</b>", inject=False),
        "html file": wandb.Html(Path("p.html").open(encoding="utf-8")),
        "html path": wandb.Html("p.html"),
        "htmls": [wandb.Html(f"<i>{n}</i>") for n in range(2)],
        "histogram": wandb.Histogram([1, 2, 2, 5], num_bins=3),
        "bins": wandb.Histogram(np_histogram=([1, 2], [0, 1, 4])),
        "cloud": wandb.Object3D(RNG.random((4, 3))),
        "categories": wandb.Object3D(RNG.integers(1, 9, (4, 4))),
        "colours": wandb.Object3D(RNG.integers(1, 9, (4, 6))),
        "scene": wandb.Object3D.from_point_cloud([[0, 0, 0]], [box], vectors=[{"start": [0, 0, 0], "end": [1, 1, 1]}]),
        "numpy scene": wandb.Object3D({"type": "lidar/beta", "points": RNG.random((3, 3)), "boxes": numpy.array([])}),
        "mesh": wandb.Object3D(Path("mesh.obj").open(encoding="utf-8")),
        "points": wandb.Object3D("c.pts.json"),
        "molecule": wandb.Molecule("m.pdb", caption="ligand"),
        "molecule file": wandb.Molecule(Path("m.pdb").open(encoding="utf-8")),
        "graph": graph,
        "mixed": [wandb.Image(COLOUR), wandb.Html("<b>m</b>")],
        "nested": {"image": wandb.Image(COLOUR), "number": 1},
    }


def figures() -> dict:
    """Figures of plotting libraries."""
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.bar([1, 2], [3, 4])
    drawn = plotly.graph_objects.Figure(plotly.graph_objects.Scatter(x=numpy.arange(3), y=[3, 4, 5]))
    other = bokeh.plotting.figure(width=100, height=100)
    other.scatter([1], [2])
    return {
        "plotly": drawn,
        "plotly made": wandb.Plotly(drawn),
        "bokeh made": wandb.data_types.Bokeh(other),
        "picture": wandb.Image(figure),
        "matplotlib": figure_of_lines(),
    }


def figure_of_lines() -> object:
    """A figure that plotly can take over, as wandb tries."""
    figure, axes = plt.subplots()
    axes.plot([1, 2, 3], [1, 4, 9])
    return figure


def tables() -> dict:
    """Tables of every make, with everything in their cells."""
    plain = wandb.Table(columns=["x", "y"], data=[[x, x * x / 2] for x in range(5)])
    computed = wandb.Table(columns=["a"], data=[[1], [2]])
    computed.add_column("b", ["p", "q"])
    computed.add_computed_columns(lambda _, row: {"c": row["a"] * 2})
    frame = pandas.DataFrame(
        {"n": [1, 2], "f": [0.5, math.nan], "s": ["a", "b"], "d": pandas.to_datetime(["2020", "2021"])}
    )
    cells = wandb.Table(columns=["image", "sound", "page", "text"])
    for n in range(2):
        cells.add_data(
            wandb.Image(COLOUR[: n + 2], caption=str(n), boxes=BOXES, classes=CLASSES),
            wandb.Audio(numpy.sin(numpy.arange(80.0)), sample_rate=8000),
            wandb.Html(f"<b>{n}</b>"),
            f"row {n}",
        )
    anything = wandb.Table(columns=["any", "array", "list", "none", "bool"], allow_mixed_types=True)
    anything.add_data(1, numpy.arange(3), [1, "x"], None, True)
    anything.add_data("text", numpy.ones((2, 2)), {"a": 1}, math.inf, numpy.bool_(False))
    growing = wandb.Table(columns=["n"], data=[[1]], log_mode="INCREMENTAL")
    return {
        "plain": plain,
        "default": wandb.Table(data=[["in", "out", "expected"]]),
        "computed": computed,
        "frame": wandb.Table(dataframe=frame),
        "numpy": wandb.Table(columns=["a", "b"], data=numpy.arange(6).reshape(3, 2)),
        "pandas": frame,
        "cells": cells,
        "anything": anything,
        "long": wandb.Table(columns=["n"], data=[[n] for n in range(10_001)]),
        "growing": growing,
        "several": [wandb.Table(columns=["n"], data=[[n]]) for n in range(2)],
    }


def charts() -> dict:
    """Custom charts."""
    table = wandb.Table(columns=["x", "y", "c"], data=[[x, x * x, str(x % 2)] for x in range(6)])
    truth, odds = [0, 1, 1, 0], [[0.8, 0.2], [0.3, 0.7], [0.6, 0.4], [0.9, 0.1]]
    return {
        "line": wandb.plot.line(table, "x", "y", stroke="c", title="line"),
        "bar": wandb.plot.bar(table, "c", "y", title="bar"),
        "scatter": wandb.plot.scatter(table, "x", "y"),
        "histogram": wandb.plot.histogram(table, "y", title="histogram"),
        "series": wandb.plot.line_series(xs=[0, 1], ys=[[1, 2], [3, 4]], keys=["a", "b"], title="s", xname="x"),
        "confusion": wandb.plot.confusion_matrix(y_true=truth, preds=[0, 1, 0, 0], class_names=["a", "b"]),
        "roc": wandb.plot.roc_curve(truth, odds, labels=["a", "b"]),
        "pr": wandb.plot.pr_curve(truth, odds, labels=["a", "b"]),
        "own": wandb.plot_table("me/mine", table, {"x": "x", "y": "y"}, {"title": "own"}),
        "nested": {"chart": wandb.plot.line(table, "x", "y"), "number": 1},
    }


def learned() -> None:
    """What scikit-learn's models are plotted as."""
    features, classes = sklearn.datasets.make_classification(60, 4, random_state=0)
    model = sklearn.linear_model.LogisticRegression().fit(features, classes)
    wandb.sklearn.plot_confusion_matrix(classes, model.predict(features), ["a", "b"])
    wandb.sklearn.plot_roc(classes, model.predict_proba(features), ["a", "b"])
    wandb.sklearn.plot_class_proportions(classes, classes, ["a", "b"])


def artifacts(run: object) -> None:
    """Artifacts with files, folders, references, values."""
    one = wandb.Artifact("set", "dataset", description="words", metadata={"rows": 3, "by": numpy.float32(2)})
    one.add_file("data/x.csv", name="renamed.csv")
    one.add_dir("data", name="folder")
    one.add_reference("https://127.0.0.1:9/remote", name="elsewhere", checksum=False)
    one.add_reference(Path("data/x.csv").absolute().as_uri(), name="near")
    one.add(wandb.Table(columns=["n", "f"], data=[[1, 0.5]]), "table")
    one.add(wandb.Image(COLOUR, caption="kept", boxes=BOXES, classes=CLASSES), "image")
    one.add(wandb.Table(columns=["i"], data=[[wandb.Image("photo.png")]]), "pictures")
    one.add(wandb.Audio("tone.wav"), "sound")
    one.add(wandb.Html("<b>page</b>"), "page")
    one.add(wandb.Classes(CLASSES), "classes")
    with one.new_file("made.txt") as file:
        file.write("made")
    run.log_artifact(one, aliases=["best"], tags=["good"])
    two = wandb.Artifact("set", "dataset")
    two.add_file("data/y/z")
    run.log_artifact(two)
    run.log_artifact("live.txt", name="single", type="raw")
    run.log_model("data", name="net")
    run.log_code(".", name="code", include_fn=lambda path: path.endswith((".py", ".csv")))


def main() -> None:
    """Log all of it."""
    files()
    settings = wandb.Settings(save_code=True)
    run = wandb.init(
        id="vocabulary",
        name="every value",
        notes="notes",
        group="g",
        job_type="j",
        tags=["t"],
        config={"lr": 0.1, "nested": {"a": [1, 2]}, "numpy": numpy.float32(0.5), "none": None, "path": Path("p")},
        settings=settings,
    )
    run.define_metric("plain/*", step_metric="plain/int")
    run.define_metric("plain/float", summary="max")
    for group in (plain, images, media, figures, tables, charts):
        for key, value in group().items():
            run.log({f"{group.__name__}/{key}": value})
        plt.close("all")
    learned()
    artifacts(run)
    run.save("saved/*.txt", base_path=".", policy="now")
    run.save("saved/deep/b.txt", base_path="saved", policy="end")
    run.save("live.txt")
    Path("live.txt").write_text("late", encoding="utf-8")
    Path(run.dir, "written.txt").write_text("by the script", encoding="utf-8")
    run.summary["set"] = 5
    run.summary.update({"deep": {"a": 1}})
    run.config.update({"later": True})
    run.alert("title", "text", level=wandb.AlertLevel.WARN)
    print("a printed line")
    print("an error line", file=sys.stderr)
    run.finish()


if __name__ == "__main__":
    main()
