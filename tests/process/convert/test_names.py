"""Names outside ASCII stay apart on the server and are found again under their true names."""

from pathlib import Path
from typing import Any

import numpy
import pytest

import wandb
from tests.process.convert.conftest import Log


def test_keys_outside_ascii_are_separate_metrics(log: Log) -> None:
    """Each key reads back under its own name, with its own values."""
    seen = log(*({"損失": step * 1.0, "精度": step * 10.0} for step in range(3)), {"é": 1, "è": 2})
    rows = list(wandb.Api().run(f"{seen.project}/{seen.run_id}").scan_history())
    series: dict[str, list[Any]] = {}
    for row in rows:
        for key in row.keys() - {"_step", "_timestamp", "_runtime"}:
            series.setdefault(key, []).append(row[key])
    assert series == {"損失": [0, 1, 2], "精度": [0, 10, 20], "é": [1], "è": [2]}


def test_every_kind_of_value_keeps_its_key(log: Log, tmp_path: Path) -> None:
    """Text, histograms, tables, media, saved files and artifacts are read back by the key that was logged."""
    (tmp_path / "文書.txt").write_text("content")

    def save() -> None:
        assert wandb.run is not None
        wandb.run.save(str(tmp_path / "文書.txt"), base_path=str(tmp_path))
        artifact = wandb.Artifact("data", "dataset")
        artifact.add_file(str(tmp_path / "文書.txt"), name="é/文書.txt")
        wandb.run.log_artifact(artifact).wait()

    values = {
        "文": "text",
        "分布": wandb.Histogram([1, 2, 3]),
        "表": wandb.Table(columns=["列"], data=[[1]]),
        "画像": wandb.Image(numpy.zeros((2, 2, 3), numpy.uint8)),
    }
    seen = log(values, after=save)
    assert {*values, "save/文書.txt", "artifacts/data/é/文書.txt"} <= seen.types.keys()
    run = wandb.Api().run(f"{seen.project}/{seen.run_id}")
    (row,) = run.scan_history(keys=list(values))
    assert row["文"] == "text" and row["分布"]["_type"] == "histogram" and row["表"]["nrows"] == 1
    assert row["画像"]["_type"] == "image-file"
    downloaded = run.file("文書.txt").download(str(tmp_path / "out"))
    assert Path(downloaded.name).read_text() == "content"
    artifact = wandb.Api().artifact(f"{seen.project}/data:latest")
    assert Path(artifact.get_entry("é/文書.txt").download()).read_text() == "content"


def test_projects_outside_ascii_stay_apart(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    """Two such projects are two on the server; both are found, listed and resumed under their true names."""
    for project in ("実験", "項目"):
        with wandb.init(project=project, id=f"run-{project}") as run:
            run.log({"x": 1})
    assert capsys.readouterr().err.count("Pluto stores project '実験' as 'project-") == 1
    api = wandb.Api()
    assert [found.id for found in api.runs("実験")] == ["run-実験"]
    assert [found.id for found in api.runs("項目")] == ["run-項目"]
    assert {"実験", "項目"} <= {project.name for project in api.projects()}
    assert api.run("実験/run-実験").project == "実験"
    with wandb.init(project="実験", id="run-実験", resume="must") as run:
        run.log({"x": 2})
    assert [row["x"] for row in wandb.Api().run("実験/run-実験").scan_history()] == [1, 2]
    with pytest.raises(ValueError, match="Could not find project 不明"):
        len(wandb.Api().runs("不明"))


def test_run_names_outside_ascii_read_back(log: Log) -> None:
    """The display name is the one that was given, and filters find the run by it."""
    name = "試験 é"
    with wandb.init(project="names", id="named", name=name) as run:
        run.log({"x": 1})
    assert wandb.Api().run("names/named").name == name
    assert [found.id for found in wandb.Api().runs("names", filters={"display_name": name})] == ["named"]


def test_text_that_a_server_refuses_arrives_with_replacements(log: Log) -> None:
    """NUL and lone surrogates in keys, values, config and tables become U+FFFD; everything else arrives."""

    def configure() -> None:
        assert wandb.run is not None
        wandb.run.config["a\x00"] = "b\x00c\ud800"

    table = wandb.Table(columns=["c\x00"], data=[["d\ud800"]])
    seen = log({"k\x00": 1, "text": "t\x00\udfff", "table": table}, after=configure)
    assert seen.metric("k\ufffd") == [1]
    assert seen.details["config"]["a\ufffd"] == "b\ufffdc\ufffd"
    run = wandb.Api().run(f"{seen.project}/{seen.run_id}")
    (row,) = run.scan_history(keys=["text"])
    assert row["text"] == "t\ufffd\ufffd"
    assert "d\ufffd" in str(seen.document("table"))


def test_names_that_wandb_reserves(log: Log) -> None:
    """`_step` and `_runtime` of a row are left out, `_timestamp` is its time; any other name is the script's."""
    rows = [
        {"_step": 99, "q": 1},
        {"_timestamp": 1_700_000_000.5, "q": 2},
        {"_runtime": 5, "": 1, "q": 3},
        {"_timestamp": "no time", "q": 4},
        {"sys/x": 1, "sys/cpu": 2, "system.y": 3, "system/z": 4, "_wandb": 5, "_own": 6, "a": {"_step": 7}},
    ]
    seen = log(*rows)
    run = wandb.Api().run(f"{seen.project}/{seen.run_id}")
    found = list(run.scan_history())
    ours = {"_step", "_timestamp", "_runtime"}
    assert [{key: one for key, one in row.items() if key not in ours} for row in found] == [
        *({"q": number} for number in (1, 2, 3, 4)),
        {"sys/x": 1, "sys/cpu": 2, "system.y": 3, "system/z": 4, "_wandb": 5, "_own": 6, "a._step": 7},
    ]
    assert [row["_step"] for row in found] == [0, 1, 2, 3, 4]
    assert found[1]["_timestamp"] == 1_700_000_000.5
    assert run.history(keys=["sys/x"], pandas=False) == [{"_step": 4, "sys/x": 1}]
    assert {"q", "sys/x", "sys/cpu", "_own"} <= run.history_keys["keys"].keys()
    assert run.summary["sys/cpu"] == 2 and run.lastHistoryStep == 4
    assert not any(
        key in row for row in run.history(stream="system", pandas=False) for key in ("system.x", "system.cpu")
    )
