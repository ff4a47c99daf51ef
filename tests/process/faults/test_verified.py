"""An acknowledged row is not a stored row: what an ingest service forgets is found missing and sent again."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.helpers.forgetful_ingest import ForgetfulIngest
from tests.helpers.server_state import Server
from tests.helpers.training import COMPRESSED
from tests.process.faults.conftest import ROUNDS
from wandb_compat.server.limits import Limits
from wandb_compat.server.serve import Running, running

QUICK = str(Path(COMPRESSED).parent / "quick_verify")
RESTARTS = 3 if ROUNDS == 1 else 20  # of each part; a round is one part, with another seed
SECONDS = 60 * float(os.environ.get("WANDB_COMPAT_FAULT_MINUTES", "0"))  # for which faults go on, however many
PAUSE = "0.02" if ROUNDS == 1 and not SECONDS else "0.1"  # seconds between two rows: one answer holds 50,000
ON_DISK = 0.3  # seconds after which what a script has logged is on the disk even if it is killed
# Logs to one run until there is a file `stop`, and notes in `logged` what it has logged and when.
SCRIPT = """
import os, time, numpy, wandb
run = wandb.init(id="abc", resume="allow", settings=wandb.Settings(x_disable_meta=True, x_disable_stats=True))
notes = open("logged", "a")
step = sum(1 for line in open("logged"))
while not os.path.exists("stop"):
    row = {"loss": step / 7, "step": step}
    if step % 5 == 0:
        row["word"] = str(step)
    if step % 40 == 0:
        row["picture"] = wandb.Image(numpy.full((2, 2, 3), step % 255, "uint8"))
    run.log(row, step=step)
    if step % 3 == 0:
        print("line", step)
    print(step, time.time(), file=notes, flush=True)
    step += 1
    time.sleep(float(os.environ["PAUSE"]))
run.finish()
"""


@pytest.fixture(scope="module")
def pluto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that keeps what is sent twice twice."""
    with running(tmp_path_factory.mktemp("keeping") / "data", limits=Limits(keep_duplicates=1)) as server:
        yield server


@pytest.fixture
def ingest(server: Server, request: pytest.FixtureRequest) -> Iterator[ForgetfulIngest]:
    """Ingest services that store every second, in front of the server; as many as the test's parameter says."""
    made = ForgetfulIngest(server.url, processes=getattr(request, "param", 1), seed=ROUNDS)
    yield made
    made.stop()


class Job:
    """A script that runs beside the test, and what the server must have of it in the end."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.unsure: set[int] = set()  # steps that may not have reached the disk before the script was killed
        self.start()

    def start(self) -> None:
        """Start the script; it goes on where an earlier part of it was killed."""
        with (self.folder / "errors").open("a") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SCRIPT],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )

    @property
    def logged(self) -> dict[int, float]:
        """The steps that were logged, and when."""
        path = self.folder / "logged"
        pairs = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        return {int(one[0]): float(one[1]) for one in pairs if len(one) == 2}

    @property
    def run_dir(self) -> Path:
        """The run directory of the present part."""
        return (self.folder / "wandb" / "latest-run").resolve()

    def status(self) -> dict[str, object]:
        """Return the uploader's status."""
        path = self.run_dir / "journal" / "uploader.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def wait_until(self, condition: Callable[[], object], seconds: float = 300) -> None:
        """Wait until something holds while the script runs."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, (self.folder / "errors").read_text()
            assert time.monotonic() < deadline, self.status()
            time.sleep(0.05)

    def kill_uploader(self) -> None:
        """Kill the uploader; the script starts another."""
        if pid := self.status().get("pid"):
            try:
                os.kill(int(str(pid)), signal.SIGKILL)
            except ProcessLookupError:
                pass

    def kill(self) -> None:
        """Kill the script and go on with another part of the run."""
        before = time.time()
        self.process.kill()
        self.process.wait()
        self.unsure |= {step for step, at in self.logged.items() if at >= before - ON_DISK}
        self.start()

    def end(self, *, verified: bool = True) -> None:
        """Let the script end, and wait until all of it is verified, or else only until its uploader has ended."""
        (self.folder / "stop").touch()
        assert self.process.wait(300) == 0, (self.folder / "errors").read_text()
        assert "Traceback" not in (self.folder / "errors").read_text()
        deadline = time.monotonic() + 300
        while self.status()["phase"] != "done" or self.status()["unverified"]:
            if not verified and self.status()["phase"] == "left":
                break
            assert time.monotonic() < deadline, self.status()
            time.sleep(0.05)


def doubles(job: Job, server: Server, ingest: ForgetfulIngest, project: str) -> Counter[str]:
    """Assert that nothing is missing; return how many texts, lines and pictures are there more than once."""
    ingest.flush()
    found = server.run(project)
    assert found["status"] == "COMPLETED"
    wanted = set(job.logged) - job.unsure
    query = {"projectName": project, "runId": found["id"], "limit": 10_000}
    raw = server.get("/api/runs/metrics/raw", **query | {"limit": 50_000, "logName": "loss"})
    rows = {row["step"]: row["value"] for row in raw["rows"]}
    assert not raw["truncated"]
    assert {step: value for step, value in rows.items() if value != step / 7} == {}
    words = Counter(int(one["data"]) for one in server.get("/api/embedded/data", logName="word", **query)["data"])
    lines: Counter[int] = Counter()
    total, offset = 1, 0
    while offset < total:
        page = server.get("/api/runs/logs", **query, offset=offset)
        total, offset = page["total"], offset + 10_000
        lines.update(int(one["message"].split()[1]) for one in page["logs"] if one["message"].startswith("line "))
    headers = {"Authorization": f"Bearer {server.key}"}
    files = requests.get(f"{ingest.url}/api/runs/files", {**query, "logName": "picture"}, headers=headers, timeout=60)
    pictures = Counter(int(one["step"]) for one in files.json()["files"])
    missing = {
        "rows": wanted - set(rows),
        "texts": {step for step in wanted if step % 5 == 0} - set(words),
        "lines": {step for step in wanted if step % 3 == 0} - set(lines),
        "pictures": {step for step in wanted if step % 40 == 0} - set(pictures),
    }
    assert missing == {"rows": set(), "texts": set(), "lines": set(), "pictures": set()}
    counts = {"texts": words, "lines": lines, "pictures": pictures}
    return Counter({kind: sum(one.values()) - len(one) for kind, one in counts.items()})


@pytest.fixture
def start(tmp_path: Path, environment: dict[str, str], ingest: ForgetfulIngest) -> Iterator[Callable[..., Job]]:
    """Starts the script against the ingest service."""
    jobs: list[Job] = []

    def start(**more: str) -> Job:
        jobs.append(Job(tmp_path, {**environment, **ingest.environment(), "PYTHONPATH": QUICK, "PAUSE": PAUSE, **more}))
        return jobs[-1]

    yield start
    for job in jobs:
        job.process.kill()
        job.process.wait()


Start = Callable[..., Job]


def test_nothing_is_sent_again_without_need(
    start: Start, server: Server, project: str, ingest: ForgetfulIngest
) -> None:
    """A service that stores late and loses nothing gets everything once, and all of it counts as verified."""
    job = start()
    job.wait_until(lambda: len(job.logged) >= 100)
    job.end()
    assert doubles(job, server, ingest, project) == {"texts": 0, "lines": 0, "pictures": 0}
    assert (job.status()["healed"], job.status()["verifiable"]) == ({}, True)


@pytest.mark.parametrize("part", range(ROUNDS))
@pytest.mark.parametrize("ingest", [1] if ROUNDS == 1 and not SECONDS else [1, 2], indirect=True)
def test_faults_at_random_moments_lose_nothing(
    start: Start, server: Server, project: str, ingest: ForgetfulIngest, part: int
) -> None:
    """One service, or two behind one address, restarted at random moments, with lost answers, a hop that freezes and
    SIGKILL of uploader and script mixed in: nothing that had reached the disk is missing in the end.
    """
    chance = ingest.random = random.Random(part)
    job = start(QUICK_TIMEOUT="1.5")
    job.wait_until(lambda: len(job.logged) >= 50 and job.status().get("run"))
    ingest.drop = 0.02
    faults, until = Counter[str](), time.monotonic() + SECONDS
    # That there are several services is known from the first restart on.
    plan = ["restart"] * ingest.processes
    while plan or faults["restart"] < RESTARTS or time.monotonic() < until:
        if not plan:
            left = RESTARTS - faults["restart"]
            plan = ["restart"] * (left if left > 0 else RESTARTS)
            plan += ["uploader", "script", "freeze"] * max(1, RESTARTS // 4)
            chance.shuffle(plan)
        time.sleep(chance.uniform(0.3, 1.2) if ROUNDS == 1 else chance.uniform(0.5, 2.5))
        fault = plan.pop()
        if fault == "restart":
            number = faults["restart"]
            ingest.restart(number if number < ingest.processes else chance.randrange(ingest.processes))
        elif fault == "uploader":
            job.kill_uploader()
        elif fault == "script":
            job.kill()
            before = len(job.logged)
            job.wait_until(lambda before=before: len(job.logged) >= before + 20)  # type: ignore[misc] # a default binds
        elif fault == "freeze":
            ingest.thawed.clear()
            time.sleep(chance.uniform(0.2, 2))
            ingest.thawed.set()
        faults[fault] += 1
    ingest.drop = 0.0
    job.end(verified=False)  # on a busy machine the last requests may take longer than QUICK_TIMEOUT
    job.environment.pop("QUICK_TIMEOUT")
    # Parts whose script and uploader were killed have been sent by the next one, and may not be verified yet.
    command = [sys.executable, "-m", "wandb_compat", "sync", "--verify", "wandb"]
    deadline = time.monotonic() + 120
    while True:
        done = subprocess.run(command, cwd=job.folder, env=job.environment, capture_output=True, text=True, timeout=300)
        if "another uploader is delivering" not in done.stdout + done.stderr or time.monotonic() > deadline:
            break
        time.sleep(1)  # one that recovers a part is still at work
    assert done.returncode == 0, done.stdout + done.stderr
    twice = doubles(job, server, ingest, project)
    print(f"{dict(faults)}; {len(job.logged)} steps; forgotten {dict(ingest.forgotten)}; unanswered", end=" ")
    print(f"{dict(ingest.unanswered)}; twice {dict(twice)}; healed {job.status()['healed']}")
    assert sum(ingest.forgotten.values())


def test_a_run_that_the_server_took_for_dead(
    start: Start, server: Server, project: str, ingest: ForgetfulIngest
) -> None:
    """Marked FAILED in the middle, as after 150 s without a heartbeat, it ends with its true state."""
    job = start(WANDB_COMPAT_HEARTBEAT="0.5")
    job.wait_until(lambda: len(job.logged) >= 50 and job.status().get("run"))
    number = server.get("/api/runs/list", projectName=project)["runs"][0]["id"]
    body = {"runId": number, "status": "FAILED", "statusUpdated": 1}
    headers = {"Authorization": f"Bearer {server.key}"}
    url = f"{server.url}/api/runs/status/update"
    requests.post(url, json=body, headers=headers, timeout=10).raise_for_status()
    beats = ingest.calls["POST /api/runs/trigger"]
    job.wait_until(lambda: ingest.calls["POST /api/runs/trigger"] >= beats + 2)
    job.end()
    assert doubles(job, server, ingest, project) == {"texts": 0, "lines": 0, "pictures": 0}


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        (".", (401, b'{"error":"Unauthorized","message":"API key has expired"}')),
        ("/api/runs/create", (400, b'{"error":"Organization is at limit"}')),
    ],
    ids=["key", "quota"],
)
def test_a_refusal_for_a_while_ends_no_uploader(
    start: Start, server: Server, project: str, ingest: ForgetfulIngest, path: str, answer: tuple[int, bytes]
) -> None:
    """A key that is refused, or a full quota: as long as the run lives it is asked again, and goes on by itself."""
    ingest.status[path] = answer
    job = start(QUICK_TIMEOUT="10")
    job.wait_until(lambda: job.status().get("phase") == "waiting" and len(job.logged) >= 20)
    assert job.status()["permanent"]
    ingest.status.clear()
    job.end()
    assert doubles(job, server, ingest, project) == {"texts": 0, "lines": 0, "pictures": 0}
