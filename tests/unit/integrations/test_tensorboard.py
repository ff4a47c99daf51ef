"""TensorBoard's event files: each step of each writer is a row, named as wandb names them."""

import json
from pathlib import Path

import numpy
import pytest

import wandb
from tests.helpers.large_library import large_library
from tests.helpers.native_runs import Recorded

large_library("tensorboard")
pytestmark = pytest.mark.usefixtures("unpatched")


def test_scalars_of_torch(read) -> None:
    """Scalars of one step are one row with `global_step`, at the run's own steps; a lower step is a row like any."""
    from torch.utils.tensorboard import SummaryWriter

    run = wandb.init(mode="offline", sync_tensorboard=True)
    writer = SummaryWriter("logs")
    for step in (0, 10, 20):
        writer.add_scalar("loss/train", step / 4, step)
        writer.add_scalar("acc", step / 8, step)
    writer.add_scalar("lower", 1, 5)
    run.finish()
    assert read(run).rows() == [
        (0, {"loss/train": 0.0, "acc": 0.0, "global_step": 0}),
        (1, {"loss/train": 2.5, "acc": 1.25, "global_step": 10}),
        (2, {"loss/train": 5.0, "acc": 2.5, "global_step": 20}),
        (3, {"lower": 1.0, "global_step": 5}),
    ]
    assert run.summary["global_step"] == 5


def test_media_of_torch(read) -> None:
    """Images, histograms of at most 512 bins, texts and precision-recall curves arrive under their tags."""
    from torch.utils.tensorboard import SummaryWriter

    run = wandb.init(mode="offline", sync_tensorboard=True)
    writer = SummaryWriter("logs")
    writer.add_image("img/x", numpy.zeros((3, 8, 8)), 1)
    writer.add_histogram("h/w", numpy.random.RandomState(0).randn(200), 1)
    writer.add_text("note", "hello text", 1)
    writer.add_pr_curve("curve", numpy.array([0, 1, 1, 0]), numpy.array([0.1, 0.9, 0.4, 0.6]), 1)
    writer.close()
    run.finish()
    recorded = read(run)
    (image,) = [file for file in recorded.all("file") if file["key"] == "img/x"]
    assert image["type"] == "png" and image["step"] == 0
    data = {one["logName"]: one for one in recorded.all("data")}
    histogram = json.loads(data["h/w"]["data"])
    # As the real wandb 0.31 has put the same numbers into bins.
    assert len(histogram["freq"]) == 512
    assert histogram["freq"][:3] == pytest.approx([1.17578125, 1.17578125, 0.6484375])
    assert data["note/text_summary"]["data"] == "hello text"
    assert [chart["key"] for chart in recorded.about()["custom_charts"]] == ["curve"]


# What is written, and the rows that the real wandb 0.31 has recorded of it.
BESIDE = {
    "text first": lambda writer: [
        writer.add_text("t", "x", 0),
        writer.add_scalar("a", 1, 100),
        writer.add_scalar("a", 2, 200),
    ],
    "texts between rows": lambda writer: [
        writer.add_scalar("a", 1, 100),
        writer.add_text("t", "x", 150),
        writer.add_text("t", "y", 160),
        writer.add_scalar("a", 2, 200),
    ],
    "texts in the step of a row": lambda writer: [
        writer.add_scalar("a", 1, 100, walltime=1000),
        writer.add_text("t", "x", 100, walltime=2000),
        writer.add_scalar("b", 2, 100, walltime=3000),
    ],
    "any event of another step ends a row": lambda writer: [
        writer.add_scalar("a", 1, 0),
        writer.add_text("t", "x", 5),
        writer.add_scalar("b", 2, 0),
        writer.add_scalar("c", 3, 1),
    ],
    "a row of an image": lambda writer: [
        writer.add_image("picture", numpy.zeros((3, 4, 4), numpy.uint8), 0),
        writer.add_scalar("a", 1, 100),
        writer.add_text("t", "x", 300),
    ],
}
ROWS = {
    "text first": [(0, {"a": 1, "global_step": 100}), (1, {"a": 2, "global_step": 200})],
    "texts between rows": [(0, {"a": 1, "global_step": 100}), (1, {"a": 2, "global_step": 200})],
    "texts in the step of a row": [(0, {"a": 1, "b": 2, "global_step": 100})],
    "any event of another step ends a row": [
        (0, {"a": 1, "global_step": 0}),
        (1, {"b": 2, "global_step": 0}),
        (2, {"c": 3, "global_step": 1}),
    ],
    "a row of an image": [(0, {"global_step": 0}), (1, {"a": 1, "global_step": 100})],
}


@pytest.mark.parametrize("name", BESIDE)
def test_texts_leave_the_rows_alone(read, name: str) -> None:
    """Texts arrive, all of them, and take no step away from the numbers; a row has the time of its last event."""
    from torch.utils.tensorboard import SummaryWriter

    run = wandb.init(mode="offline", sync_tensorboard=True)
    with SummaryWriter("runs/exp1") as writer:
        BESIDE[name](writer)
    run.finish()
    recorded = read(run)
    assert recorded.rows() == ROWS[name]
    texts = [(one["step"], one["data"]) for one in recorded.all("data")]
    beside = {"texts between rows": [(0, "x"), (1, "y")], "a row of an image": [(1, "x")]}
    assert texts == beside.get(name, [(0, "x")])
    if name == "texts in the step of a row":
        assert [row["time"] for row in recorded.all("row")] == [3_000_000]
    (saved,) = [file["key"] for file in recorded.all("file") if "tfevents" in file["key"]]
    assert saved.startswith("save/runs/exp1/events.out")


@pytest.mark.parametrize("root", ["", "logs"])
def test_several_folders(read, root: str) -> None:
    """The folder below the common one, or below `root_logdir`, comes before the keys; event files are kept."""
    from torch.utils.tensorboard import SummaryWriter

    if root:
        wandb.tensorboard.patch(root_logdir=root)
    run = wandb.init(mode="offline", sync_tensorboard=not root)
    folders = ["logs/train", "logs/val"] if not root else ["logs/train", "logs/deep/val", "elsewhere"]
    for folder in folders:
        writer = SummaryWriter(folder)
        writer.add_scalar("loss", 1, 7)
        writer.close()
    run.finish()
    names = [path.removeprefix("logs/").replace("elsewhere", "") for path in folders]
    expected = [f"{name}/loss" if name else "loss" for name in names]
    assert [row for _, row in read(run).rows()] == [{key: 1.0, "global_step": 7} for key in expected]
    saved = [str(Path(file["key"]).parent) for file in read(run).all("file")]
    assert saved == [f"save/{name}".rstrip("/") for name in names]


def test_a_folder_of_its_own_making(read, capsys) -> None:
    """A writer without a folder has no prefix, the folders of its `add_scalars` have one."""
    from torch.utils.tensorboard import SummaryWriter

    run = wandb.init(mode="offline", sync_tensorboard=True)
    writer = SummaryWriter()
    writer.add_scalar("loss", 1, 1)
    writer.add_scalars("multi", {"a": 1.0, "b": 2.0}, 50)
    writer.close()
    run.finish()
    assert [row for _, row in read(run).rows()] == [
        {"loss": 1.0, "global_step": 1},
        {"multi_a/multi": 1.0, "global_step": 50},
        {"multi_b/multi": 2.0, "global_step": 50},
    ]
    assert "WARNING" not in capsys.readouterr().err


def test_tensorboardx(read) -> None:
    """Scalars and histograms of tensorboardX arrive too."""
    tensorboardx = pytest.importorskip("tensorboardX")
    wandb.tensorboard.patch(tensorboard_x=True, save=False)
    run = wandb.init(mode="offline")
    writer = tensorboardx.SummaryWriter("logs")
    writer.add_scalar("loss", 0.5, 3)
    writer.add_histogram("h", numpy.arange(10.0), 3)
    writer.close()
    run.finish()
    assert read(run).rows() == [(0, {"loss": 0.5, "global_step": 3})]
    assert [one["logName"] for one in read(run).all("data")] == ["h"]
    assert not read(run).all("file")


def test_tensorflow(read) -> None:
    """Scalars, histograms, images and texts of `tf.summary` arrive, several images in order."""
    tensorflow = pytest.importorskip("tensorflow")
    run = wandb.init(mode="offline", tensorboard=True)
    writer = tensorflow.summary.create_file_writer("logs/train")
    with writer.as_default():
        for step in range(2):
            tensorflow.summary.scalar("loss", step / 2, step=step)
        tensorflow.summary.histogram("h", numpy.arange(10.0), step=2)
        tensorflow.summary.image("im", numpy.zeros((2, 8, 8, 3)), step=2)
        tensorflow.summary.text("t", "text here", step=2)
    writer.close()
    run.finish()
    recorded = read(run)
    assert [row for _, row in recorded.rows()] == [
        {"loss": 0.0, "global_step": 0},
        {"loss": 0.5, "global_step": 1},
        {"global_step": 2},
    ]
    assert {one["logName"] for one in recorded.all("data")} == {"h", "t"}
    assert [file["sample"] for file in recorded.all("file") if file["key"] == "im"] == [0, 1]


def test_log_of_a_summary(read) -> None:
    """`wandb.tensorboard.log` takes messages and bytes, and begins a row when the step rises."""
    from tensorboard.compat.proto.summary_pb2 import Summary

    wandb.tensorboard.reset_state()
    run = wandb.init(mode="offline")
    for step in (1, 2):
        message = Summary(value=[Summary.Value(tag="loss", simple_value=step / 2)])
        wandb.tensorboard.log(message.SerializeToString() if step == 2 else message, step=step)
    wandb.tensorboard.log(message, step=2, namespace="val")
    run.finish()
    merged: dict[int, dict[str, float]] = {}
    for at, row in read(run).rows():
        merged.setdefault(at, {}).update(row)
    assert merged == {1: {"loss": 0.5}, 2: {"loss": 1.0, "val/loss": 1.0, "global_step": 2}}


def test_patching_twice() -> None:
    """A second patch is refused with what to do; `unpatch` gives the writers back."""
    from torch.utils.tensorboard import writer

    before = writer.EventFileWriter
    wandb.tensorboard.patch()
    assert writer.EventFileWriter is not before
    with pytest.raises(ValueError, match="unpatch"):
        wandb.tensorboard.patch()
    wandb.tensorboard.unpatch()
    assert writer.EventFileWriter is before
    assert wandb.patched["tensorboard"] == []


def test_folders_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs that lie there already become one run; the folder of each writer comes before its keys."""
    from torch.utils.tensorboard import SummaryWriter

    from wandb._native.integrations import tensorboard_directories

    for name in ("", "train", "deep/eval"):
        with SummaryWriter(str(Path("logs", name))) as writer:
            for step in (0, 10):
                writer.add_scalar("loss", step, step)
    monkeypatch.setenv("WANDB_MODE", "offline")
    id = tensorboard_directories.log("logs", project="from-disk", job_type="j")
    (home,) = Path("wandb").glob(f"offline-run-*-{id}")
    found = Recorded(home)
    keys = [(key, step) for key in ("deep/eval/loss", "loss", "train/loss") for step in (0, 10)]
    assert found.rows() == [(at, {key: step, "global_step": step}) for at, (key, step) in enumerate(keys)]
    assert len([file for file in found.all("file") if "tfevents" in file["key"]]) == 3
    assert wandb.run is None
    with pytest.raises(wandb.Error, match="no event files"):
        tensorboard_directories.log("absent")
