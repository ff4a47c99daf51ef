"""What can go wrong with the server in pluto mode: afterwards it has every row once, in order, with its value."""

import contextlib
import email.utils
import io
import itertools
import json
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy
import PIL.Image
import psutil
import pytest
import requests

from tests.e2e.stage import Server
from tests.faults.conftest import ROUNDS
from tests.faults.door import Door
from wandb_compat import journal
from wandb_compat.local.limits import Limits
from wandb_compat.local.serve import running
from wandb_compat.settings import QUEUE_LIMIT

ROWS = 400  # a quarter before each pause of the script, and a quarter after the last
SCRIPT = f"""
import time, wandb
run = wandb.init(id="abc", settings=wandb.Settings(x_disable_meta=True, x_disable_stats=True, console="off"))
for step in range({ROWS}):
    run.log({{"loss": step / 7, "word": str(step)}})
    time.sleep(0.001)
    if step % {ROWS // 4} == {ROWS // 4 - 1} and step < {ROWS} - 1:
        print("pause", flush=True)
        input()
run.finish()
"""


class Training:
    """A script that runs beside the test; it waits where it asks for a line."""

    def __init__(self, text: str, folder: Path, environment: dict[str, str]) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.errors = folder / "stderr"
        (folder / "train.py").write_text(textwrap.dedent(text))
        with self.errors.open("w") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "train.py"],
                cwd=folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
            )

    @property
    def home(self) -> Path:
        """The run folder."""
        return self.folder / "wandb" / "latest-run"

    def heard(self, word: str) -> None:
        """Wait until the script prints a word."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip() == word:
                return
        raise AssertionError(f"never said {word}: {self.errors.read_text()}")

    def go(self) -> None:
        """Let the script go on."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self, seconds: float = 90) -> str:
        """Wait until the script has ended well; return what it has said on stderr."""
        self.process.communicate("\n" * 4, timeout=seconds)
        said = self.errors.read_text()
        assert self.process.returncode == 0, said
        assert "Traceback" not in said
        return said


Train = Callable[..., Training]


@pytest.fixture
def door(server: Server) -> Iterator[Door]:
    """A door in front of the session's server."""
    made = Door(server.url)
    yield made
    made.fault = None
    made.shut()


@pytest.fixture
def train(tmp_path: Path, environment: dict[str, str], door: Door) -> Iterator[Train]:
    """Starts a script whose requests go through the door."""
    started: list[Training] = []

    def start(text: str = SCRIPT, **changes: str) -> Training:
        started.append(
            Training(text, tmp_path / f"work{len(started)}", {**environment, **door.environment(), **changes})
        )
        return started[-1]

    yield start
    for training in started:
        training.process.kill()
        training.process.wait()


def sync(training: Training, environment: dict[str, str]) -> None:
    """Send what a run folder holds, as the message at the run's end says, once no courier is at it."""
    deadline = time.monotonic() + 60
    while True:
        command = [sys.executable, "-m", "wandb_compat", "sync", str(training.home)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        if done.returncode == 0:
            return
        assert "another courier" in done.stdout + done.stderr and time.monotonic() < deadline, done.stdout + done.stderr
        time.sleep(0.2)


def all_there(server: Server, project: str, rows: int = ROWS) -> None:
    """Assert that the project's only run has ended well and that the server has exactly what the script has logged."""
    run = server.ended(project, 60)
    assert run["status"] == "COMPLETED"
    numbers = server.metrics(project, run["id"], "loss")
    assert [(row["step"], row["value"]) for row in numbers] == [(step, step / 7) for step in range(rows)]
    words = server.get("/api/runs/data", projectName=project, runId=run["id"], logName="word", limit=10000)["data"]
    assert [(word["step"], word["data"]) for word in words] == [(step, str(step)) for step in range(rows)]
    assert {key["logName"]: key["logType"] for key in run["logNames"]} == {"loss": "METRIC", "word": "DATA"}


def test_away_at_start(train: Train, door: Door, server: Server, project: str) -> None:
    """Nobody listens until a quarter of the rows is logged."""
    door.shut()
    training = train()
    training.heard("pause")
    deadline = time.monotonic() + 30
    while "cannot be reached" not in training.errors.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    door.open()
    said = training.end()
    assert "Pluto has every row of the run" in said
    all_there(server, project)


@pytest.mark.parametrize(
    "fault", ["500", "401", "403", "404", "lose", "half", "garbage", "page", "huge", "redirect", "hang"]
)
def test_trouble_in_the_middle(train: Train, door: Door, server: Server, project: str, fault: str) -> None:
    """From a quarter to half of the rows every request has a fault; what it broke is sent again."""
    training = train()
    training.heard("pause")
    door.fault = fault
    training.go()
    training.heard("pause")
    door.hit(1 if fault == "hang" else 2)
    door.fault = None
    assert "that it refused" not in training.end()
    assert not [call for call in door.calls if call.path.startswith("/elsewhere")]
    all_there(server, project)


@pytest.mark.parametrize("fault", ["500", "404", "garbage", "half", "lose", "hang"])
def test_trouble_at_the_start(train: Train, door: Door, server: Server, project: str, fault: str) -> None:
    """The run itself cannot be made at first; there is one in the end, and not two."""
    door.fault = fault
    training = train()
    training.heard("pause")
    door.hit(1 if fault == "hang" else 2)
    door.fault = None
    training.end()
    all_there(server, project)


EVERYTHING = """
import sys, threading, time, wandb
import numpy
run = wandb.init(id="abc", config={"first": 1}, settings=wandb.Settings(x_disable_meta=True, x_disable_stats=True))
print("pause", flush=True)
go_on = threading.Event()
threading.Thread(target=lambda: (input(), go_on.set()), daemon=True).start()
step = 0
while not go_on.is_set():
    run.log({"loss": step / 7, "word": str(step), f"key/{step % 900}": step})
    run.config[f"key{step}"] = step
    run.tags = [f"tag{step}"]
    print("line", step)
    run.log({"image": wandb.Image(numpy.full((2, 2, 3), step % 256, dtype=numpy.uint8))}, step=step)
    time.sleep(0.1)
    step += 1
run.finish()
print("steps", step)
"""
ENDPOINTS = [
    "logName/add",
    "config/update",
    "tags/update",
    "metrics",
    "ingest/data",
    "logs",
    "files",
    "blob",
    "trigger",
]
FAULTS = ["500", "401", "403", "404", "429", "413", "422", "lose", "half", "garbage", "page", "redirect", "hang"]
COMPRESSED = str(Path(__file__).with_name("compressed"))


def test_every_fault_at_every_endpoint(train: Train, door: Door, server: Server, project: str) -> None:
    """One run lives through faults at each endpoint, one after the other: with more rounds through all of them."""
    training = train(EVERYTHING, PYTHONPATH=COMPRESSED, WANDB_COMPAT_HEARTBEAT="0.1")
    training.heard("pause")
    cases = list(itertools.product(ENDPOINTS, FAULTS))
    for where, fault in cases if ROUNDS > 1 else cases[:: len(FAULTS) // 3]:
        if fault in ("413", "422") and where not in ("metrics", "ingest/data"):
            continue  # there it means what it says: this can never be taken
        door.where, door.fault = where, fault
        door.hit(door.met(fault) + 1)
        door.fault = None
    out, _ = training.process.communicate("\n", timeout=90)
    steps = int(out.rsplit("steps ", 1)[1])
    run = server.ended(project, 60)
    assert run["status"] == "COMPLETED"
    account = (training.home / "journal/courier.json").read_text()
    assert '"refused": 0' in account, account
    assert [row["value"] for row in server.metrics(project, run["id"], "loss")] == [step / 7 for step in range(steps)]
    words = server.get("/api/runs/data", projectName=project, runId=run["id"], logName="word", limit=10000)["data"]
    assert [word["data"] for word in words] == [str(step) for step in range(steps)]
    keys = {key["logName"] for key in run["logNames"]}
    assert keys >= {f"key/{step}" for step in range(min(steps, 900))}
    assert {run["config"][f"key{step}"] for step in range(steps)} == set(range(steps))
    assert run["tags"] == [f"tag{steps - 1}"]
    lines = server.get("/api/runs/logs", projectName=project, runId=run["id"], limit=10000)["logs"]
    assert [line["message"] for line in lines if "line" in line["message"]] == [f"line {step}" for step in range(steps)]
    files = server.get("/api/runs/files", projectName=project, runId=run["id"], logName="image")["files"]
    assert [file["step"] for file in files] == list(range(steps))


def test_ten_minutes_away(train: Train, door: Door, server: Server, project: str) -> None:
    """Away for ten minutes in the middle, with time running a hundred times as fast for the courier's waits."""
    training = train(PYTHONPATH=COMPRESSED)
    training.heard("pause")
    door.shut()
    training.go()
    training.heard("pause")
    time.sleep(6)
    door.open()
    assert training.end().count("cannot be reached") == 1
    all_there(server, project)


def test_away_at_the_end(train: Train, door: Door, server: Server, project: str, environment: dict[str, str]) -> None:
    """Nobody listens any more when the script ends: it says where its rows are, and `sync` brings them."""
    training = train()
    training.heard("pause")
    door.shut()
    said = training.end()
    assert "are not on the Pluto server yet" in said and "wandb-compat sync" in said
    sync(training, environment)
    all_there(server, project)
    sync(training, environment)  # again, and nothing changes
    all_there(server, project)


@pytest.mark.parametrize("as_date", [False, True])
def test_retry_after(train: Train, door: Door, server: Server, project: str, as_date: bool) -> None:
    """429 with Retry-After, in seconds or as a date: nobody asks again before that, and then everything goes."""
    training = train(WANDB_COMPAT_LINGER="60")  # `finish` waits for a busy server for 3 s only
    training.heard("pause")
    door.where, door.fault = "ingest/metrics", "429"
    moment = int(time.time()) + 6  # a date has whole seconds only
    due = time.monotonic() + moment - time.time()
    door.headers = {"Retry-After": email.utils.formatdate(moment, usegmt=True) if as_date else "3"}
    training.go()
    training.heard("pause")
    door.hit(1)
    door.fault = None
    training.end()
    all_there(server, project)
    calls = [call for call in door.calls if "ingest/metrics" in call.path]
    refused = next(index for index, call in enumerate(calls) if call.fault == "429")
    assert calls[refused + 1].time >= (due if as_date else calls[refused].time + 3) - 0.1


def test_finish_waits_for_a_busy_server(train: Train, door: Door, server: Server, project: str) -> None:
    """Busy for longer than `finish` waits for a server that is away, but by its own word not for long: it waits."""
    training = train()
    training.heard("pause")
    door.where, door.fault, door.headers = "ingest/metrics", "429", {"Retry-After": "8"}
    training.go()
    door.hit(1)
    door.fault = None
    assert "Pluto has every row of the run" in training.end()
    all_there(server, project)


def test_a_route_that_hangs_holds_up_no_other(train: Train, door: Door, server: Server, project: str) -> None:
    """While series wait for an answer, metrics, keys and the rest arrive within the time of that one try."""
    training = train()
    training.heard("pause")
    door.where, door.fault = "ingest/data", "hang"
    training.go()
    training.heard("pause")
    door.hit(1)
    run = server.run(project)
    deadline = time.monotonic() + 25  # of 30 s that the call may take
    while len(server.metrics(project, run["id"], "loss")) < ROWS // 2:
        assert time.monotonic() < deadline, "metrics have waited for series"
        time.sleep(0.05)
    hung = [call for call in door.calls if call.fault == "hang"]
    assert len(hung) == 1
    door.fault = None
    training.end()
    all_there(server, project)


def test_slow(train: Train, door: Door, server: Server, project: str) -> None:
    """1 kB/s both ways: everything arrives once, if later."""
    training = train(SCRIPT.replace(f"range({ROWS})", "range(100)"), WANDB_COMPAT_FINISH_BUDGET="120")
    training.heard("pause")
    door.fault = "slow"
    training.end(240)
    assert door.met("slow") >= 2
    all_there(server, project, 100)


@pytest.mark.parametrize("status", ["413", "422"])
def test_only_small_or_good_batches(train: Train, door: Door, server: Server, project: str, status: str) -> None:
    """413 to large batches: they go in parts. 422 to all, as when a database is down: they go when that is over."""
    door.where = "ingest/"
    if status == "413":
        door.picky = lambda body: len(body) > 2000
    training = train()
    training.heard("pause")
    door.fault = status
    training.go()
    training.heard("pause")
    door.hit(3)
    if status == "422":
        door.fault = None
    assert "refused" not in training.end()
    all_there(server, project)


def test_hanging_at_the_end(
    train: Train, door: Door, server: Server, project: str, environment: dict[str, str]
) -> None:
    """A server that takes connections and says nothing: `finish` says so after ten seconds, and waits no longer."""
    training = train()
    training.heard("pause")
    door.fault = "hang"
    began = time.monotonic()
    said = training.end()
    assert time.monotonic() - began < 28
    assert "has not answered for 10 s" in said and "are not on the Pluto server yet" in said
    door.fault = None
    sync(training, environment)
    all_there(server, project)


IMAGES = """
import numpy, wandb
run = wandb.init(id="abc", settings=wandb.Settings(x_disable_meta=True, x_disable_stats=True, console="off"))
for step in range(12):
    run.log({"image": wandb.Image(numpy.full((4, 4, 3), step, dtype=numpy.uint8)), "loss": step})
print("pause", flush=True)
input()
run.finish()
"""


def images_there(server: Server, project: str) -> None:
    """Assert that each image is on the server once, with its bytes."""
    run = server.ended(project, 60)
    files = server.get("/api/runs/files", projectName=project, runId=run["id"], logName="image")["files"]
    assert [file["step"] for file in files] == list(range(12))
    for step, file in enumerate(files):
        content = requests.get(file["url"], timeout=10).content
        assert numpy.array(PIL.Image.open(io.BytesIO(content))).tolist() == [[[step] * 3] * 4] * 4


@pytest.mark.parametrize("fault", ["403", "500", "lose", "half"])
def test_upload_refused(train: Train, door: Door, server: Server, project: str, fault: str) -> None:
    """A place to upload to that says no, or whose yes is lost: it goes to a fresh URL, and each file is there once."""
    door.where, door.fault = "/blob/", fault
    training = train(IMAGES)
    training.heard("pause")
    door.hit(2)
    door.fault = None
    training.end()
    images_there(server, project)


def test_upload_url_expires(train: Train, project: str, tmp_path: Path) -> None:
    """An upload that begins after its URL has expired is refused by the real server, and is sent to a fresh one."""
    with running(tmp_path / "expiring", limits=Limits(upload_url=1.0)) as own:
        door = Door(own.url)
        door.where, door.fault, door.delay = "/blob/", "late", 2.5
        training = train(IMAGES, **{**own.environment(), **door.environment()})
        training.heard("pause")
        door.hit(1)
        door.fault = None
        training.end()
        door.shut()
        images_there(Server(own.url, own.key), project)
        assert sum(call.path == "/files" for call in door.calls) > 2


def test_server_disk_full(train: Train, project: str, tmp_path: Path) -> None:
    """The server's disk takes no byte more for a while: it says so, and has everything once it can."""
    with running(tmp_path / "full") as own:
        door = Door(own.url)
        training = train(**{**own.environment(), **door.environment()})
        training.heard("pause")
        door.passed("ingest/metrics")
        process = psutil.Process(own._process.pid)
        room, most = process.rlimit(psutil.RLIMIT_FSIZE)
        process.rlimit(psutil.RLIMIT_FSIZE, (1, most))
        training.go()
        training.heard("pause")
        deadline = time.monotonic() + 30
        while "cannot store" not in training.errors.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.rlimit(psutil.RLIMIT_FSIZE, (room, most))
        training.end()
        door.shut()
        all_there(Server(own.url, own.key), project)


PENDING = 50_000 if ROUNDS == 1 else 2_000_000
FLOOD = f"""
import psutil, time, wandb
run = wandb.init(id="abc", settings=wandb.Settings(x_disable_meta=True, x_disable_stats=True, console="off"))
run.log({{"loss": 0.0, "other": 0}})
time.sleep(1)
own = psutil.Process()
before, most = own.memory_info().rss, 0
for step in range(1, {PENDING}):
    run.log({{"loss": step / 7, "other": step}})
    if step % 1000 == 0:
        most = max(most, own.memory_info().rss)
print("grown", (most - before) // 1024**2, flush=True)
print("pause", flush=True)
input()
run.finish()
"""
TRAINER_BOUND, COURIER_BOUND = 32, 128  # MiB; see docs/reliability.md


@pytest.mark.skipif(sys.platform == "win32", reason="counts memory as Linux does")
def test_memory_while_away(train: Train, door: Door, server: Server, project: str) -> None:
    """While rows pile up neither the trainer nor the courier grows beyond its bound: they wait on disk."""
    door.shut()
    training = train(FLOOD, WANDB_COMPAT_FINISH_BUDGET="600")
    assert training.process.stdout is not None
    grown = int(training.process.stdout.readline().split()[1])
    training.heard("pause")
    courier = psutil.Process(json.loads((training.home / "journal/courier.json").read_text())["pid"])
    most = courier.memory_info().rss
    door.open()
    training.go()
    while training.process.poll() is None:
        with contextlib.suppress(psutil.Error):
            most = max(most, courier.memory_info().rss)
        time.sleep(0.05)
    training.end(600)
    run = server.ended(project, 600)
    for name in ("loss", "other"):
        (told,) = server.get("/api/runs/statistics", projectName=project, runId=run["id"], logName=name)["metrics"]
        assert told["count"] == PENDING and told["last"] == {"step": PENDING - 1, "value": told["max"]}
    rows = server.metrics(project, run["id"], "loss")  # thinned out by the server
    assert all(row["value"] == row["step"] / 7 for row in rows) and len(rows) >= 1000
    print(f"trainer grew by {grown} MiB, courier was {most // 1024**2} MiB")
    assert grown <= TRAINER_BOUND and most <= COURIER_BOUND * 1024**2


def test_disk_use_is_bounded(
    train: Train, door: Door, server: Server, project: str, environment: dict[str, str]
) -> None:
    """At WANDB_COMPAT_JOURNAL_LIMIT new rows are refused, which is said and counted; those before arrive, whole."""
    door.shut()
    training = train(
        FLOOD.replace(f"range(1, {PENDING})", "range(1, 50_000)"),
        WANDB_COMPAT_JOURNAL_LIMIT=str(1024**2),
        WANDB_COMPAT_SEGMENT_SIZE="65536",
    )
    training.heard("pause")
    held = sum(path.stat().st_size for path in journal.files(training.home))
    assert 1024**2 <= held <= 1024**2 + 65536 + QUEUE_LIMIT * 100  # one file more, and what was written at once
    said = training.end()
    assert "what is logged now is lost" in said
    lost = int(re.search(r"(\d+) records could not be written", said)[1])
    door.open()
    sync(training, environment)
    run = server.ended(project)
    (told,) = server.get("/api/runs/statistics", projectName=project, runId=run["id"], logName="loss")["metrics"]
    assert 0 < told["count"] < 50_000 and told["last"]["step"] == told["count"] - 1
    assert told["count"] + lost >= 50_000
