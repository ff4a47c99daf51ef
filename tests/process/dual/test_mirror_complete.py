"""All that reaches wandb reaches Pluto, as the same script in pluto mode would have sent it."""

import json
import sysconfig
from typing import Any

import pytest
import requests

from tests.process.dual.conftest import Stage
from wandb_compat.dual.supported_versions import TESTED
from wandb_compat.wire.artifact_versions import ORDER

OLDEST_AND_NEWEST = TESTED[:: len(TESTED) - 1]

EVERYTHING = """
    import os, time
    from datetime import timedelta
    import numpy, wandb
    wandb.util._get_max_cli_version = lambda: None  # 0.18 asks its server, for a minute, when it logs a table offline
    os.makedirs("folder/deep")
    texts = {"a.txt": "one", "folder/b.txt": "two", "folder/deep/c.txt": "three", "live.txt": "early"}
    for name, text in texts.items():
        with open(name, "w") as file:
            file.write(text)
    run = wandb.init(id="everything", group="g", config={"lr": 1})
    one = wandb.Artifact("data", "dataset", description="words", metadata={"rows": 3, "by": numpy.float32(2)})
    one.add_file("a.txt")
    one.add_dir("folder", name="sub")
    one.add_reference("https://127.0.0.1:9/remote", name="elsewhere", checksum=False)
    with one.new_file("made.txt") as file:
        file.write("made")
    run.log_artifact(one, aliases=["best", "first"], tags=["good"])
    with open("a.txt", "w") as file:
        file.write("changed")
    two = wandb.Artifact("data", "dataset")
    two.add_file("a.txt")
    run.log_artifact(two, aliases=["best"])
    run.log_artifact("folder/b.txt", name="single", type="raw")
    run.log_model("folder", name="net")
    for part, text in enumerate(("left", "right")):
        with open(f"{text}.txt", "w") as file:
            file.write(text)
        piece = wandb.Artifact("whole", "dataset")
        piece.add_file(f"{text}.txt")
        (run.finish_artifact if part else run.upsert_artifact)(piece, distributed_id="parts")
    run.log_code(".", name="source-mine", include_fn=lambda path: path.endswith("train.py"))
    wandb.save("folder/*.txt", base_path=".", policy="now")
    wandb.save("live.txt")
    with open("live.txt", "w") as file:
        file.write("late")
    run.save("folder/deep/c.txt", policy="end")
    with open("folder/deep/c.txt", "w") as file:
        file.write("at the end")
    with open(os.path.join(run.dir, "written.txt"), "w") as file:
        file.write("by the script")
    run.alert("title", "text", level="WARN", wait_duration=timedelta(seconds=100))
    run.alert("title", "again within its time", wait_duration=100)
    wandb.alert("other", "text", wait_duration=1e-9)
    wandb.alert("other", "text once more", wait_duration=1e-9)
    run.define_metric("epoch", hidden=True)
    run.define_metric("val/*", step_metric="epoch", summary="min,max")
    run.define_metric("acc", summary="mean,last", step_metric="epoch")
    run.define_metric("silent", summary="none")
    for step in range(4):
        if step % 2 == 0:
            run.log({"epoch": step}, commit=False)
        run.log({"val/loss": (2, 1, 4, 3)[step], "acc": step, "silent": step, "plain": step})
    run.log({"table": wandb.Table(columns=["a"], data=[[1]])})
    run.mark_preempting()
    time.sleep(0.1)
"""


def _published(about: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return what a run has published of an artifact, in order."""
    found = [json.loads(entry) for key, entry in about["artifacts"][name].items() if key != ORDER]
    return sorted(found, key=lambda one: one["order"])


def _pluto(stage: Stage, project: str) -> dict[str, Any]:
    """Return what Pluto has of the only run of a project, but for ids and times."""
    run = stage.server.run(project)
    about = run["config"].pop("wandb")
    volatile = ("id", "time", "run", "manifest")
    published = {
        name: [{field: one[field] for field in one if field not in volatile} for one in _published(about, name)]
        for name in about["artifacts"]
    }
    listed = stage.server.get("/api/runs/files", projectName=project, runId=run["id"])["files"]
    files: dict[str, list[str]] = {}
    for file in listed:
        content = requests.get(file["url"], timeout=10).text if not file["logName"].endswith("/manifest") else "…"
        files.setdefault(file["logName"], []).append(content)
    manifests = [
        json.loads(requests.get(file["url"], timeout=10).text)
        for file in listed
        if file["logName"].endswith("/manifest")
    ]
    for manifest in manifests:
        manifest.pop("storagePolicyConfig", None)
        for one in manifest["contents"].values():
            one.pop("run", None)
            one.pop("birthArtifactID", None)
    alerts = stage.server.get("/api/embedded/alerts", projectName=project, runId=run["id"])["alerts"]
    for name in ("_step", "_runtime", "_timestamp", "_wandb", "table"):
        about["summary"].pop(name, None)
    return {
        "about": {name: about.get(name) for name in ("summary", "metrics", "state")},
        "config": run["config"],
        "artifacts": published,
        "files": {key: sorted(texts) for key, texts in files.items()},
        "manifests": sorted(manifests, key=lambda one: json.dumps(one, sort_keys=True)),
        "alerts": [{name: one[name] for name in ("title", "body", "level")} for one in alerts],
        "epoch": {row["step"]: row["value"] for row in stage.server.metrics(project, run["id"], "epoch")},
    }


@pytest.mark.parametrize("version", OLDEST_AND_NEWEST)
def test_everything(stage: Stage) -> None:
    """Artifacts, files, alerts, definitions and preemption arrive as the same script in pluto mode sends them."""
    stage.run(EVERYTHING)
    dual = _pluto(stage, stage.project)
    alone = f"{stage.project}-alone"
    stage.folder = stage.folder.with_name("alone")
    stage.run(EVERYTHING, DISABLE_WANDB_LOGGING="true", PLUTO_PROJECT=alone)
    pluto = _pluto(stage, alone)
    for part in dual:
        assert dual[part] == pluto[part], part
    assert sorted(dual["files"]["artifacts/data/a.txt"]) == ["changed", "one"]
    assert [one["aliases"] for one in dual["artifacts"]["data"]] == [["best", "first", "latest"], ["best", "latest"]]
    assert dual["files"]["save/live.txt"][-1:] == ["late"] and dual["files"]["save/written.txt"] == ["by the script"]
    assert [one["title"] for one in dual["alerts"]] == ["title", "other", "other"]
    summary = dual["about"]["summary"]
    assert (summary["val/loss"], summary["acc"]["mean"]) == ({"min": 1, "max": 4}, 1.5)
    assert "silent" not in summary and summary["plain"] == 3
    assert dual["about"]["state"] == "preempting"


WATCH = """
    import sys
    import wandb
    sys.path.append({packages!r})  # torch is too large for a separate environment
    import torch
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    run = wandb.init()
    run.watch(model, log="all", log_freq=1)
    for step in range(3):
        model(torch.randn(8, 4)).sum().backward()
        run.log({{"loss": step}})
    run.unwatch()
"""


@pytest.mark.parametrize("version", OLDEST_AND_NEWEST)
def test_watch(stage: Stage) -> None:
    """Histograms of gradients and parameters that `watch` makes of a real torch model arrive at wandb's steps."""
    stage.run(WATCH.format(packages=sysconfig.get_path("purelib")))
    recorded = {
        (row["_step"], key.removesuffix("/values")): row[key]
        for row in stage.recorded()
        for key in row
        if key.endswith("/values")
    }
    assert len(recorded) == 8 * 3
    run = stage.server.run(stage.project)
    arrived = {
        (row["step"], name): json.loads(row["data"])["freq"]
        for name in {name for _, name in recorded}
        for row in stage.server.get("/api/embedded/data", projectName=stage.project, runId=run["id"], logName=name)[
            "data"
        ]
    }
    assert arrived == recorded
    kinds = {key["logType"] for key in run["logNames"] if key["logName"].startswith(("gradients/", "parameters/"))}
    assert kinds == {"HISTOGRAM"}


LINKS = """
    import wandb
    # Links and uses need wandb's own server: these two methods do what they do with one, as far as the run can see.
    wandb.Run.link_artifact = lambda self, artifact, target_path, aliases=None: artifact
    wandb.Run.use_artifact = lambda self, artifact_or_name, type=None, aliases=None, use_as=None: artifact_or_name
    open("a.txt", "w").write("text")
    run = wandb.init()
    artifact = wandb.Artifact("data", "dataset")
    artifact.add_file("a.txt")
    wandb.log_artifact(artifact)
    wandb.run.link_artifact(artifact, "wandb-registry-data/shared", aliases="prod")
    wandb.use_artifact(artifact)
    stranger = wandb.Artifact("stranger", "dataset")
    run.link_artifact(stranger, "entity/project/other")
"""


YOUNG = """
    import wandb
    run = wandb.init(config={"lr": 1, "net": 2})
    run.pin_config_keys(["lr"])
    run.pin_config_keys(["net", "lr"])
    run.write_logs("one")
    run.write_logs("two")
    print("three")
    run.finish()
    run.write_logs("late")
"""


def test_methods_of_young_releases(stage: Stage) -> None:
    """Pinned keys and lines that the script writes itself arrive."""
    stage.run(YOUNG)
    run = stage.server.run(stage.project)
    assert run["config"]["wandb"]["pinned_config_keys"] == ["net", "lr"]
    logs = stage.server.get("/api/runs/logs", projectName=stage.project, runId=run["id"])["logs"]
    lines = [line["message"].strip() for line in logs]
    assert [line for line in lines if line in ("one", "two", "three", "late")] == ["one", "two", "three"]


def test_links_and_uses(stage: Stage) -> None:
    """A link is a second name of the version in Pluto, a use is noted; what this run has not logged causes a
    warning."""
    done = stage.run(LINKS)
    about = stage.server.run(stage.project)["config"]["wandb"]
    (data,), (shared,) = _published(about, "data"), _published(about, "shared")
    assert shared["manifest"] == data["manifest"] and shared["aliases"] == ["prod", "latest"]
    assert about["used_artifacts"] == {"data": "dataset"}
    assert "other" not in about["artifacts"] and done.stderr.count("stranger was not logged by this run") == 1
