"""What a disk can do to a run: rows wait in memory while it lasts, what is lost is counted, training goes on."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.fault_proxy import FaultProxy
from tests.helpers.server_state import Script, Server
from tests.helpers.training import ROWS, Train
from tests.process.artifacts.conftest import Arrived, arrived
from tests.process.faults.test_uploader import rows
from wandb_compat.spool.status import State

__all__ = ["arrived"]

BEGIN = """
import os, shutil, sys, time, wandb
run = wandb.init(id="abc", settings=wandb.Settings(x_disable_meta=True, x_disable_stats=True, console="off"))
def log(first, last):
    for step in range(first, last):
        run.log({"loss": step / 7})
    time.sleep(0.3)
def fill(*sizes):
    with open("ballast", "ab", 0) as ballast:
        for size in sizes:  # of what is written at once: the large for speed, the small up to the last byte
            try:
                while True: ballast.write(bytes(size))
            except OSError: pass
"""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A separate disk of 4 MiB, in the folder `work`."""
    folder = tmp_path / "work"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("mounting a file system is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def expected(count: int) -> list[tuple[int, float]]:
    """Return step and value of the first rows."""
    return [(step, step / 7) for step in range(count)]


def test_a_disk_that_is_full_for_a_while(script: Script, server: Server, project: str, small: Path) -> None:
    """What cannot be written waits in memory, with one warning; when there is room again, every row arrives."""
    text = """
log(0, 1000)
fill(64)
log(1000, 6000)
os.unlink("ballast")
log(6000, 7000)
run.finish()
"""
    done = script(BEGIN + text)
    assert done.stderr.count("the journal cannot be written") == 1
    assert "Traceback" not in done.stderr
    run = server.ended(project)
    assert (run["status"], rows(server, project, run["id"])) == ("COMPLETED", expected(7000))


def test_a_quota_that_is_used_up_for_a_while(script: Script, server: Server, project: str) -> None:
    """The same with EDQUOT, which few machines can be made to say: the writes themselves are made to fail."""
    text = """
import errno
from wandb_compat.spool import journal
def over(*about): raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
log(0, 1000)
write, journal._write_all = journal._write_all, over
log(1000, 6000)
journal._write_all = write
log(6000, 7000)
run.finish()
"""
    done = script(BEGIN + text)
    assert done.stderr.count("the journal cannot be written: [Errno 122]") == 1
    assert "Traceback" not in done.stderr
    run = server.ended(project)
    assert (run["status"], rows(server, project, run["id"])) == ("COMPLETED", expected(7000))


def test_a_disk_that_stays_full(script: Script, server: Server, project: str, small: Path) -> None:
    """The run ends on a full disk: what was written arrives, and the rest is counted to the last record."""
    text = """
log(0, 1000)
fill(64)
log(1000, 6000)
run.finish()
print("trained on")
"""
    done = script(BEGIN + text, WANDB_COMPAT_SEGMENT_SIZE="16777216")
    assert "trained on" in done.stdout and "Traceback" not in done.stderr
    lost = int(re.search(r"(\d+) records could not be written: .*No space left", done.stderr)[1])
    run = server.ended(project)
    kept = rows(server, project, run["id"])
    assert kept == expected(len(kept)) and len(kept) >= 1000
    lost_rows = 6000 - len(kept)
    assert lost_rows > 0 and lost_rows <= lost <= lost_rows + 3  # the summary and the end are records too


MEDIA = """
import numpy
pixels = numpy.random.default_rng(0).integers(0, 255, (8, 3, 64, 64), numpy.uint8)
for step in range(20):
    run.log({"image": wandb.Image(pixels[0].T)})
run.log({"film": wandb.Video(pixels, format="mp4")})
for name in "abc":
    artifact = wandb.Artifact(name, "dataset")
    artifact.add_file("train.py")
    run.log_artifact(artifact)
run.finish()
"""
# A disk that is full from the start, and a table of descriptors that is full again and again.
TROUBLES = {
    "no room": """
ballast = open("ballast", "wb", 0)
for size in (65536, 64):
    try:
        while True: ballast.write(bytes(size))
    except OSError: pass
full.set()
time.sleep(3)
os.unlink("ballast")
ballast.close()
""",
    "no descriptors": """
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 4096))
held = []
full.set()
while not os.path.exists(folder + "/journal/uploader.journal"): time.sleep(0.001)
for round in range(40):
    try:
        while True: held.append(os.open(os.devnull, os.O_RDONLY))
    except OSError: pass
    time.sleep(0.04)
    while held: os.close(held.pop())
    time.sleep(0.01)
""",
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_files_wait_for_the_machine(
    script: Script,
    server: Server,
    project: str,
    environment: dict[str, str],
    small: Path,
    arrived: Arrived,
    trouble: str,
) -> None:
    """Images, videos and artifacts that cannot be finished or read for a while are neither refused nor forgotten."""
    script(BEGIN + MEDIA, WANDB_MODE="offline")
    (folder,) = small.glob("wandb/offline-run-*")
    text = f"""
import os, resource, threading, time
from wandb_compat.cli import main
folder, full = {str(folder)!r}, threading.Event()
def trouble():{TROUBLES[trouble].replace(chr(10), chr(10) + "    ")}
thread = threading.Thread(target=trouble)
thread.start()
full.wait()
try:
    main(["sync", "--patience", "60", folder])
finally:
    thread.join()
"""
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=small, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr and "refused" not in done.stdout + done.stderr
    assert server.ended(project)["status"] == "COMPLETED"
    files = arrived.files()
    assert files["film"][4:8] == b"ftyp" and files["image"].startswith(b"\x89PNG")
    collections = {f"artifacts/{name}" for name in "abc"}
    assert collections <= {key.rpartition("/")[0] for key in files}, files.keys()


def test_an_artifact_that_a_full_disk_cannot_keep(
    script: Script, server: Server, project: str, small: Path, arrived: Arrived
) -> None:
    """Training goes on, a warning is printed, and the same artifact can be logged when there is room again."""
    done = script(
        BEGIN
        + """
data = os.path.join(os.path.dirname(os.getcwd()), "data.txt")
open(data, "w").write("kept" * 1000)
fill(65536, 64, 1)
artifact = wandb.Artifact("data", "dataset")
artifact.add_file(data)
assert run.log_artifact(artifact) is artifact and artifact.is_draft()
run.log_code(".")
os.unlink("ballast")
assert run.log_artifact(artifact).wait().version == "v0"
run.finish()
"""
    )
    assert done.stderr.count("artifact data is not logged: [Errno 28]") == 1 and "Traceback" not in done.stderr
    assert b"kept" * 1000 in arrived.files().values()


def test_a_file_may_not_grow(script: Script, server: Server, project: str) -> None:
    """A limit on the size of files: the journal goes on in further files, and nothing is lost."""
    text = f"""
{BEGIN}
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
log(0, 5000)
run.finish()
"""
    done = script(text)
    assert "cannot be written" not in done.stderr and "Traceback" not in done.stderr
    run = server.ended(project)
    assert (run["status"], rows(server, project, run["id"])) == ("COMPLETED", expected(5000))


@pytest.mark.parametrize("what", ["wandb/latest-run/journal", "wandb"], ids=["journal", "all"])
def test_a_folder_deleted_in_the_middle(script: Script, server: Server, project: str, what: str) -> None:
    """The open file of the journal is written anew, so that every row arrives, with a warning."""
    # The uploader may write a file there meanwhile, which fails a single `rmtree`.
    delete = f"while os.path.exists({what!r}): shutil.rmtree({what!r}, ignore_errors=True)"
    done = script(f"{BEGIN}\nlog(0, 1000)\n{delete}\nlog(1000, 2000)\nrun.finish()\n")
    assert "Traceback" not in done.stderr
    assert done.stderr.count("was deleted while the run goes on") == (what == "wandb")
    run = server.ended(project)
    assert (run["status"], rows(server, project, run["id"])) == ("COMPLETED", expected(2000))


def test_what_a_deleted_folder_held_is_counted(script: Script, tmp_path: Path) -> None:
    """Files of the journal that are gone before they were sent: their records are lost, and counted for each file."""
    away = {f"PLUTO_URL_{name}": "http://127.0.0.1:9" for name in ("APP", "API", "INGEST", "PY")}
    logged = "\nlog(0, 1000)\nlog(1000, 2000)\nshutil.rmtree('wandb')\nlog(2000, 3000)\nrun.finish()\n"
    done = script(BEGIN + logged, **away, WANDB_COMPAT_SEGMENT_SIZE="20000", WANDB_COMPAT_FINISH_BUDGET="1")
    counts = re.findall(r"(\d+) of \d+ records of \S+ are lost: the file was deleted", done.stderr)
    lost = sum(map(int, [*counts, *re.findall(r"and (\d+) records of other files", done.stderr)]))
    kept = re.findall(
        rb'"step":(\d+)', b"".join(path.read_bytes() for path in (tmp_path / "work").glob("wandb/run-*/journal/rows-*"))
    )
    lost_rows = 3000 - len(set(kept))
    assert 0 < lost_rows <= lost <= lost_rows + 5  # the run's keys are records too
    assert f"{3000 - lost_rows} rows are not on the Pluto server yet" in done.stderr


def damage(head: Path, how: str) -> None:
    """Do to a journal file what a disk, or someone, may do."""
    if how == "flipped":
        content = bytearray(head.read_bytes())
        for match in list(re.finditer(rb'row {"time":\d', content))[-5:]:
            content[match.end() - 1] ^= 1
        head.write_bytes(content)
    else:
        os.truncate(head, 0 if how == "emptied" else head.stat().st_size - 3000)


@contextlib.contextmanager
def halted_uploader(run_dir: Path) -> Iterator[None]:
    """Stop the uploader of a run meanwhile: it has read nothing of what is logged in between."""
    state = State.read(run_dir)
    assert state is not None
    os.kill(state.pid, signal.SIGSTOP)
    yield
    os.kill(state.pid, signal.SIGCONT)


@pytest.mark.parametrize("how", ["flipped", "cut", "emptied"])
def test_damage_is_counted(train: Train, proxy: FaultProxy, server: Server, project: str, how: str) -> None:
    """What is damaged before it was sent is reported with numbers and the file, all else arrives."""
    training = train(WANDB_COMPAT_FINISH_BUDGET="60")
    training.wait_for_output("pause")
    proxy.passed("ingest/data")
    head = training.home / "run-abc.wandb"
    with halted_uploader(training.home):
        training.go()
        training.wait_for_output("pause")
        time.sleep(0.2)
        damage(head, how)
    output = training.end()
    loss = re.search(r"(\d+) of \d+ records of (\S+) are lost: the file (is damaged|was cut)", output)
    assert loss is not None and Path(loss[2]).name == head.name, output
    assert loss[3] == ("is damaged" if how == "flipped" else "was cut")
    assert "every row of the run" not in output
    run = server.ended(project, 60)
    numbers = server.metrics(project, run["id"], "loss")
    words = server.get("/api/embedded/data", projectName=project, runId=run["id"], logName="word", limit=10000)["data"]
    missing = 2 * ROWS - len(numbers) - len(words)
    assert 0 < missing <= int(loss[1]) <= missing + 10, output  # lines of the console are records too


def test_a_renamed_folder(train: Train, proxy: FaultProxy, server: Server, project: str) -> None:
    """The run goes on in its place; what only the renamed folder has is sent with the command that the end names."""
    training = train(WANDB_COMPAT_SEGMENT_SIZE="10000", WANDB_COMPAT_FINISH_BUDGET="60")
    training.wait_for_output("pause")
    proxy.passed("ingest/data")
    with halted_uploader(training.home):
        training.go()
        training.wait_for_output("pause")
        time.sleep(0.2)
        (training.folder / "wandb").rename(training.folder / "wandb2")
    output = training.end()
    assert re.search(r"was renamed to \S*/wandb2/run-\S*-abc while the run goes on", output), output
    assert "records of" in output and "was deleted or moved" in output, output
    command = re.search(r"`wandb-compat sync (\S*/wandb2/run-\S*-abc)`", output)
    assert command is not None, output
    server.ended(project, 60)
    (run_dir,) = training.folder.glob("wandb/run-*")
    state = State.read(run_dir)
    assert state is not None
    os.kill(state.pid, signal.SIGKILL)  # it still waits to see stored what it cannot find any more
    done = subprocess.run(
        [sys.executable, "-m", "wandb_compat", "sync", command[1], "--to", server.url],
        env={**os.environ, **training.environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    run = server.run(project)
    numbers = server.metrics(project, run["id"], "loss")
    assert [(row["step"], row["value"]) for row in numbers] == [(step, step / 7) for step in range(ROWS)]


def test_a_read_only_disk(script: Script, server: Server, project: str, small: Path) -> None:
    """A folder that cannot be written at all: the run is among the temporary files, with a warning."""
    (small / "train.py").touch()
    text = BEGIN + "log(0, 100)\nrun.finish()\n"
    locked = small / "locked"
    locked.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", locked], check=True)
    try:
        done = script(text, WANDB_DIR=str(locked))
    finally:
        subprocess.run(["umount", "-l", locked], check=True)
    assert "cannot be written" in done.stderr
    run = server.ended(project)
    assert (run["status"], rows(server, project, run["id"])) == ("COMPLETED", expected(100))


def test_a_clock_that_jumps_back(script: Script, server: Server, project: str) -> None:
    """An hour back in the middle of a run: rows keep their order and their number, and the end comes as ever."""
    clock = "import time\n_true, back = time.time, [0]\ntime.time = lambda: _true() - back[0]\n"
    done = script(f"{clock}{BEGIN}\nlog(0, 1000)\nback[0] = 3600\nlog(1000, 2000)\nrun.finish()\n")
    assert "Traceback" not in done.stderr
    run = server.ended(project)
    assert (run["status"], rows(server, project, run["id"])) == ("COMPLETED", expected(2000))


def test_a_file_system_like_nfs(script: Script, server: Server, project: str) -> None:
    """Without hard links, symbolic links and mmap a run and its files arrive all the same."""
    without = """
import mmap, os
def no(*args, **more): raise OSError(95, "Operation not supported")
os.link = os.symlink = mmap.mmap = no
"""
    text = """
with open("big.bin", "wb") as file: file.write(bytes(1024**2))
run.save("big.bin")
log(0, 500)
run.finish()
"""
    script(without + BEGIN + text)
    run = server.ended(project)
    assert (run["status"], rows(server, project, run["id"])) == ("COMPLETED", expected(500))
    assert not os.path.lexists("wandb/latest-run")
    files = server.get("/api/runs/files", projectName=project, runId=run["id"])["files"]
    assert "big.bin" in str(files)
