"""One bad file, or one bad artifact, costs none of the others."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers import warm_python
from tests.helpers.environments import ROOT
from tests.helpers.fault_proxy import FaultProxy
from tests.helpers.server_state import Script
from tests.process.artifacts.conftest import Arrived


@pytest.mark.parametrize("harm", ["deleted", "a folder instead"])
def test_a_staged_file_that_is_lost_costs_no_other(
    harm: str, script: Script, environment: dict[str, str], tmp_path: Path, arrived: Arrived
) -> None:
    """A copy that is deleted before its upload is counted and logged; everything else arrives, the run closes."""
    script(
        """
        import wandb
        with wandb.init() as run:
            for name in "abc":
                with open(name + ".txt", "w") as f: f.write(name)
                run.save(name + ".txt", policy="now")
                run.log_artifact(name + ".txt", name="art-" + name, type="dataset")
            run.log({"x": 1})
        """,
        WANDB_MODE="offline",
    )
    folder = (tmp_path / "work" / "wandb" / "latest-run").resolve()
    staged = [path for path in (folder / "journal" / "staged").iterdir() if path.read_text() == "b"]
    assert len(staged) == 2
    for path in staged:
        path.unlink()
        if harm != "deleted":
            path.mkdir()
    done = warm_python.run(
        [sys.executable, "-m", "wandb_compat", "sync", str(folder)], env=environment, timeout=60, cwd=ROOT
    )
    assert "Traceback" not in done.stderr
    files = arrived.files()
    assert {key for key in files if key.startswith("save/")} == {"save/a.txt", "save/c.txt"}
    script("""
        import wandb
        with wandb.init() as run:
            for name in "ac":
                assert open(run.use_artifact(f"art-{name}:v0").file()).read() == name
            try: run.use_artifact("art-b")
            except wandb.CommError: pass
            else: raise AssertionError
    """)


def test_what_is_on_its_way_survives_the_script(script: Script, arrived: Arrived) -> None:
    """A script that is killed right after logging loses neither the artifact nor the saved file."""
    done = script(
        """
        import os, signal, time, wandb
        from pathlib import Path
        from wandb_compat.spool import journal
        with open("a.txt", "w") as f: f.write("kept")
        run = wandb.init()
        run.save("a.txt")
        run.log_artifact("a.txt", name="kept", type="dataset")
        # The journal is written every 50 ms: wait until it has the last record.
        while not any(b'"kept"' in path.read_bytes() for path in journal.files(Path(run.sync_dir))): time.sleep(0.01)
        os.unlink("a.txt")
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        code=None,
    )
    assert done.returncode == -signal.SIGKILL
    script("""
        import time, wandb
        with wandb.init() as run:
            while True:  # until it has arrived; the script's time is limited
                try: artifact = run.use_artifact("kept:latest")
                except wandb.CommError: time.sleep(0.1)
                else: break
            assert open(artifact.file()).read() == "kept"
    """)
    assert arrived.files()["save/a.txt"] == b"kept"


def test_an_artifact_goes_on_where_it_was_interrupted(
    script: Script, proxy: FaultProxy, environment: dict[str, str], tmp_path: Path
) -> None:
    """Files go several at once, the manifest last; one that fails holds up no other, and a second `sync` after a crash
    sends only what is missing."""
    script(
        """
        import os, wandb
        os.mkdir("d")
        for i in range(40):
            with open(f"d/{i:02}.txt", "w") as f: f.write(f"file {i:02}")
        os.mkdir("d/same")  # of equal content, and so of equal names on the server
        for i in range(3):
            with open(f"d/same/{i}.txt", "w") as f: f.write("file 00")
        run = wandb.init()
        artifact = wandb.Artifact("parts", "dataset")
        artifact.add_dir("d")
        run.log_artifact(artifact)
        run.finish()
        """,
        WANDB_MODE="offline",
    )
    folder = (tmp_path / "work" / "wandb" / "latest-run").resolve()
    proxy.fault, proxy.picky = "500", lambda body: body == b"file 17"
    sync = [sys.executable, "-m", "wandb_compat", "sync", str(folder)]
    through = {**environment, **proxy.environment()}

    def sent() -> list[bytes]:
        return [call.body for call in proxy.calls if call.method == "PUT" and call.fault is None]

    first = subprocess.Popen(sync, env=through, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        noted = folder / "journal" / "outcomes" / "files.jsonl"  # what was only just sent would be sent again
        while not noted.exists() or noted.read_bytes().count(b"\n") < 42:
            assert time.monotonic() < deadline, len(sent())
            time.sleep(0.05)
        proxy.hit()
    finally:
        first.kill()
        first.wait()
    proxy.fault = None
    warm_python.run(sync, env=through, cwd=ROOT, check=True, timeout=60)
    wanted = [f"file {i:02}".encode() for i in range(40)] + [b"file 00"] * 3
    assert sorted(sent()[:-1]) == sorted(wanted)
    assert sent()[-1].startswith(b"{") and b"storagePolicy" in sent()[-1]
    script("""
        import wandb
        with wandb.init() as run:
            artifact = run.use_artifact("parts:latest")
            artifact.verify(artifact.download())
            assert artifact.file_count == 43
    """)


def test_what_cannot_be_encoded_here_waits_alone(
    script: Script, environment: dict[str, str], tmp_path: Path, arrived: Arrived
) -> None:
    """Where numpy and ffmpeg are missing, `sync` says what to install and sends rows and everything but the video,
    which a later `sync` elsewhere sends."""
    script(
        """
        import numpy, wandb
        with wandb.init() as run:
            run.log({"film": wandb.Video(numpy.zeros((4, 3, 16, 16), numpy.uint8), format="mp4")})
            run.log({"image": wandb.Image(numpy.zeros((4, 4, 3), numpy.uint8)), "page": wandb.Html("x"), "loss": 0.5})
        """,
        WANDB_MODE="offline",
    )
    folder = (tmp_path / "work" / "wandb" / "latest-run").resolve()
    for name in ("numpy", "imageio_ffmpeg"):
        (tmp_path / "missing" / name).mkdir(parents=True)
        (tmp_path / "missing" / name / "__init__.py").write_text(f"raise ImportError('No module named {name}')")
    sync = [sys.executable, "-m", "wandb_compat", "sync", str(folder)]
    bare = {**environment, "PYTHONPATH": os.pathsep.join([str(tmp_path / "missing"), str(ROOT)])}
    output_text = tmp_path / "output"
    with output_text.open("w") as output:
        first = subprocess.Popen(sync, env=bare, cwd=tmp_path, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and not (
                arrived.runs() and {"image", "page"} <= arrived.files().keys() and "encoded" in output_text.read_text()
            ):
                time.sleep(0.2)
        finally:
            first.kill()
            first.wait()
    assert arrived.files().keys() == {"image", "page"}
    assert (
        "a video cannot be encoded here: No module named numpy; install wandb-compat[media] and numpy"
        in output_text.read_text()
    )
    warm_python.run(sync, env=environment, cwd=ROOT, check=True, timeout=60)
    assert arrived.files()["film"][4:8] == b"ftyp"
