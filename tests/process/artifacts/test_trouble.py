"""Artifacts and files survive what happens on the way: killed uploaders, forks, absent servers, many files."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from tests.helpers import warm_python
from tests.helpers.environments import ROOT
from tests.helpers.fault_proxy import FaultProxy
from tests.helpers.server_state import Script, Server
from tests.process.artifacts.conftest import Arrived


def test_a_killed_uploader_loses_and_doubles_nothing(script: Script, arrived: Arrived) -> None:
    """When the uploader dies at work the next one goes on: every version is there once, every byte arrived."""
    script("""
        import contextlib, json, os, time, wandb
        def made(text):
            artifact = wandb.Artifact("tough", "dataset")
            for name in range(20):
                with artifact.new_file(f"{name}.txt") as f: f.write(text + str(name))
            return artifact
        run = wandb.init()
        state = os.path.join(run.sync_dir, "journal", "uploader.json")
        logged = []
        for text in "abc":
            logged.append(run.log_artifact(made(text)))
            time.sleep(0.3)
            while not os.path.exists(state): time.sleep(0.05)
            with contextlib.suppress(ProcessLookupError): os.kill(json.load(open(state))["pid"], 9)
            time.sleep(1)
        assert [artifact.wait().version for artifact in logged] == ["v0", "v1", "v2"]
        for artifact in logged: artifact.verify(artifact.download())
        run.finish()
    """)
    assert len([key for key in arrived.key_types() if key.startswith("artifacts/tough/")]) == 20


def test_a_file_that_grows_and_two_who_log_the_same(
    script: Script, server: Server, project: str, tmp_path: Path
) -> None:
    """A file that grows while it is on its way arrives as it was added, with the digest that its entry has; two runs
    that log the same content at once get the same version; and who has but a key and addresses gets the bytes."""
    script("""
        import os, threading, time, wandb
        over = threading.Event()
        with open("grown.txt", "w") as f: f.write("0123456789")
        def grow():
            with open("grown.txt", "a") as f:
                while not over.wait(0.01): f.write("more" * 1000); f.flush()
        def made():
            artifact = wandb.Artifact("same", "dataset", metadata={"rows": 3})
            with artifact.new_file("deep/ü.txt") as f: f.write("content")
            artifact.add_file("kept.txt")
            return artifact
        os.link("grown.txt", "kept.txt")
        runs = [wandb.init(reinit="create_new") for _ in range(2)]
        artifacts = [made() for _ in runs]
        growing = threading.Thread(target=grow); growing.start(); time.sleep(0.05)
        barrier = threading.Barrier(2)
        def log(run, artifact): barrier.wait(); run.log_artifact(artifact)
        threads = [threading.Thread(target=log, args=each) for each in zip(runs, artifacts)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert {artifact.wait().version for artifact in artifacts} == {"v0"}
        moving = wandb.Artifact("moving", "dataset")
        moving.add_file("grown.txt")
        runs[0].log_artifact(moving).wait()
        moving.verify(moving.download())
        over.set(); growing.join()
        for run in runs: run.finish()
    """)
    key = server.key
    done = warm_python.run(
        [sys.executable, "-c", DOWNLOAD],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PLUTO_API_KEY": key,
            **{f"PLUTO_URL_{name}": server.url for name in ("APP", "API", "INGEST", "PY")},
            "PROJECT": project,
        },
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-2:] == ["content", "0123456789"]


DOWNLOAD = """
import os, wandb
with wandb.init(project=os.environ["PROJECT"]) as run:
    folder = run.use_artifact("same:latest").download()
for name in ("deep/ü.txt", "kept.txt"):
    print(open(os.path.join(folder, name)).read())
"""


def test_a_forked_child_logs_and_uses_artifacts(script: Script) -> None:
    """What a child logs is published by the run's uploader, and the child can wait for it."""
    script("""
        import os, wandb
        with wandb.init() as run:
            child = os.fork()
            artifact = wandb.Artifact("child" if not child else "parent", "dataset")
            with artifact.new_file("a.txt") as f: f.write(str(bool(child)))
            run.log_artifact(artifact).wait(30)
            assert artifact.version == "v0"
            if not child:
                with open("saved.txt", "w") as f: f.write("by the child")
                run.save("saved.txt", policy="now")
                os._exit(0)
            assert os.wait()[1] == 0
            assert open(run.use_artifact("child:latest").file()).read() == "False"
    """)


def test_an_offline_run_keeps_its_files_for_sync(
    script: Script, environment: dict[str, str], tmp_path: Path, arrived: Arrived
) -> None:
    """Saved files, artifacts and links to them are in the run folder, and `sync` sends them, deleted or not."""
    done = script(
        """
        import os, wandb
        with open("a.txt", "w") as f: f.write("saved")
        with wandb.init() as run:
            run.save("a.txt")
            artifact = run.log_artifact("a.txt", name="off", type="model")
            run.link_artifact(artifact, "linked", aliases=["prod"])
        os.unlink("a.txt")
        """,
        WANDB_MODE="offline",
    )
    assert "3 files or artifacts are not on the Pluto server yet" in done.stderr
    folder = (tmp_path / "work" / "wandb" / "latest-run").resolve()
    warm_python.run(
        [sys.executable, "-m", "wandb_compat", "sync", str(folder)], env=environment, check=True, timeout=60, cwd=ROOT
    )
    assert arrived.files()["save/a.txt"] == b"saved"
    script("""
        import wandb
        with wandb.init() as run:
            assert run.use_artifact("linked:prod").source_name == "off:v0"
            assert open(run.use_model("linked:prod")).read() == "saved"
    """)


def test_an_artifact_of_many_files(script: Script, elsewhere: Callable[..., Any]) -> None:
    """More files than one answer of the server lists come back whole."""
    script("""
        import os, wandb
        os.mkdir("many")
        for name in range(1200):
            with open(f"many/{name:04}.txt", "w") as f: f.write(str(name))
        with wandb.init() as run:
            run.log_artifact("many", name="many", type="dataset").wait()
    """)
    elsewhere("""
        import wandb
        with wandb.init() as run:
            artifact = run.use_artifact("many:latest")
            artifact.verify(artifact.download())
            assert artifact.file_count == 1200
    """)


def test_a_link_waits_for_what_another_run_logs(script: Script) -> None:
    """An artifact that one run has just logged can be linked from another run of the process."""
    script("""
        import wandb
        one = wandb.init(reinit="create_new")
        artifact = wandb.Artifact("shared", "model")
        with artifact.new_file("a") as f: f.write("x")
        one.log_artifact(artifact)
        with wandb.init(reinit="create_new") as two:
            assert two.link_artifact(artifact, "other").wait().source_name == "shared:v0"
        one.finish()
    """)


def test_a_disabled_run_takes_every_call(script: Script) -> None:
    """Nothing happens, nothing is written, and what comes back is what wandb's disabled run gives."""
    script(
        """
        import os, wandb
        run = wandb.init(mode="disabled")
        artifact = wandb.Artifact("a", "b")
        assert run.log_artifact(artifact).wait().version is not None
        assert run.use_artifact("x") is None and run.log_code() is None and run.restore("x") is None
        assert run.save("*.py") is False and run.log_model("x") is None
        run.finish()
        assert not os.path.exists("wandb")
        """
    )


def test_what_was_logged_and_saved_for_the_end_survives_a_kill(
    script: Script, environment: dict[str, str], tmp_path: Path, arrived: Arrived
) -> None:
    """Of a script that is killed, images and videos in the queue, files saved for the end, those that have changed
    and those that lie in `run.dir` arrive, and what was sent is not sent again."""
    done = script(
        """
        import glob, os, signal, time
        import numpy as np, wandb
        with open("end.txt", "w") as f: f.write("first")
        with open("now.txt", "w") as f: f.write("then")
        run = wandb.init(id="killed")
        run.save("end.txt", policy="end")
        run.save("now.txt", policy="now")
        with open(os.path.join(run.dir, "loose.txt"), "w") as f: f.write("loose")
        with open("end.txt", "w") as f: f.write("last")
        with open("now.txt", "w") as f: f.write("changed")
        for step in range(20):
            run.log({"image": wandb.Image(np.full((512, 512, 3), step, np.uint8))})
        run.log({"film": wandb.Video(np.zeros((4, 3, 8, 8), np.uint8), format="gif")})
        (head,) = glob.glob("wandb/latest-run/run-*.wandb")
        for _ in range(600):
            with open(head, "rb") as f: findings = f.read()
            if findings.count(b'"key":"image"') >= 20 and b'"key":"film"' in findings: break
            time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        code=None,
        WANDB_MODE="offline",
    )
    assert done.returncode == -signal.SIGKILL
    folder = (tmp_path / "work" / "wandb" / "latest-run").resolve()
    assert len(list(folder.glob("journal/staged/*.raw.png"))) == 20  # written as fast as can be, not yet compressed
    # Links out of a run directory are followed only on request: `run.save` makes them, a hostile archive could too.
    command = [sys.executable, "-m", "wandb_compat", "sync", "--trust", str(folder)]
    for _ in range(2):
        warm_python.run(command, env=environment, check=True, timeout=120, cwd=ROOT)
    files = arrived.files()
    assert {key: files[key] for key in files if key.startswith("save/")} == {
        "save/end.txt": b"last",
        "save/now.txt": b"then",
        "save/loose.txt": b"loose",
    }
    assert len(files["image"]) < 100_000 and files["image"].startswith(b"\x89PNG") and files["film"].startswith(b"GIF8")
    assert not list(folder.glob("journal/staged/*"))


def test_a_server_that_cannot_list_versions_gets_the_bytes(script: Script, server: Server, project: str) -> None:
    """The files and the manifest are uploaded before the versions are read."""
    proxy = FaultProxy(server.url)
    proxy.where, proxy.fault = "/api/runs/list", "500"
    text = """
        import wandb
        artifact = wandb.Artifact("data", "dataset")
        with artifact.new_file("a.txt") as f: f.write("content")
        run = wandb.init()
        run.log_artifact(artifact)
        run.finish()
    """
    script(text, **proxy.environment(), WANDB_COMPAT_FINISH_BUDGET="4")
    run = server.run(project)
    files = server.get("/api/runs/files", projectName=project, runId=run["id"])["files"]
    assert any(requests.get(file["url"], timeout=10).content == b"content" for file in files)
    assert any("manifest" in file["logName"] for file in files), files
    assert proxy.met("500") > 0
    proxy.shut()
