"""What was acknowledged and not stored is found by every kind's own way of reading back, and sent again once."""

import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.helpers.forgetful_ingest import ForgetfulIngest
from wandb_compat.config.settings import Settings
from wandb_compat.pipeline.pipeline import Pipeline
from wandb_compat.server.limits import Limits
from wandb_compat.server.serve import Running, running
from wandb_compat.spool import delivery_log, records, staging
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.notifier import CallbackNotifier
from wandb_compat.spool.status import State
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.uploader import read_back, recovery, restarts, verifier
from wandb_compat.uploader.trainer import Trainer
from wandb_compat.uploader.worker import Worker

TIME = 1_760_000_000_000
ROWS = 30


@pytest.fixture(scope="module")
def keeping_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that keeps what is sent twice twice."""
    with running(tmp_path_factory.mktemp("keeping") / "data", limits=Limits(keep_duplicates=1)) as server:
        yield server


class Clock:
    """The clock of verifier and notes: a test lets a minute pass without waiting for it."""

    skew = 0.0

    def __call__(self) -> float:
        return time.time() + self.skew


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replaces the clock of verifier and notes."""
    made = Clock()
    monkeypatch.setattr(verifier, "time", made)
    monkeypatch.setattr(restarts, "time", made)
    monkeypatch.setattr(delivery_log, "time", made)
    monkeypatch.setattr(verifier, "FINISH_INTERVAL", (0.1, 0.1))
    return made


Make = Callable[..., ForgetfulIngest]


@pytest.fixture
def make(keeping_server: Running) -> Iterator[Make]:
    """Makes ingest services that store when `flush` is called."""
    made: list[ForgetfulIngest] = []

    def make(**options: Any) -> ForgetfulIngest:
        made.append(ForgetfulIngest(keeping_server.url, **{"interval": None, **options}))
        return made[-1]

    yield make
    for one in made:
        one.stop()


class Run:
    """A run directory with rows, texts, console lines, files and an artifact, and what the server has of it."""

    def __init__(self, folder: Path, server: Running, ingest: ForgetfulIngest, project: str) -> None:
        self.dir = folder / "wandb" / "run-20260101_000000-abc"
        self.dir.mkdir(parents=True)
        self.server, self.ingest, self.project = server, ingest, project
        self.sent: list[str] = []
        self._pipeline = Pipeline(
            self.dir, Settings(), notifier=CallbackNotifier(lambda level, text: None), head=self.dir / "run-abc.wandb"
        )
        start = records.Start(time=TIME, project=project, id="abc", name="a run", system_metrics=False)
        self._pipeline.start(start, None, online=False)

    def log(self, first: int = 0, rows: int = ROWS, files: int = 3) -> None:
        """Log rows, of which every third has a text, and a line, and some files."""
        for step in range(first, first + rows):
            self._pipeline.row({"loss": step / 2} | ({"word": str(step)} if step % 3 == 0 else {}), step, TIME + step)
            self._pipeline.submit(records.Console(TIME + step, f"line {step}", step + 1, "INFO"))
        for index in range(files):
            self.file(f"picture/{index % 2}", f"{first}-{index}.txt")
        self._pipeline.flush()

    def text(self, key: str, text: str) -> None:
        """Log a text."""
        self._pipeline.row({key: text}, 0, TIME)
        self._pipeline.flush()

    def file(self, key: str, name: str) -> None:
        """Log a file."""
        path = staging.new_path(self.dir, ".txt")
        path.write_text(name)
        relative = staging.relative(self.dir, path)
        self._pipeline.submit(records.File(TIME, 0, key, name, "txt", relative))

    def artifact(self, name: str) -> None:
        """Log an artifact of one file."""
        path = staging.new_path(self.dir, ".txt")
        path.write_text("content")
        file = {"key": f"artifacts/{name}/a.txt", "name": "5a.txt", "path": staging.relative(self.dir, path)}
        contents = {"a.txt": {"digest": "5a", "size": 7, "key": file["key"], "name": file["name"]}}
        manifest = {"version": 1, "contents": contents}
        record = records.Artifact(name, TIME, 0, name, "data", f"digest-{name}", manifest, [file], [])
        self._pipeline.submit(record)

    def end(self) -> None:
        """End the run."""
        self._pipeline.finish(records.Exit(TIME + 100_000, "completed", 0))

    def upload(self, verify: float = 0.0) -> State:
        """Deliver as `sync` does, and verify for so many seconds."""
        settings, _ = Settings.read(self.ingest.environment())
        config = WorkerConfig.of(settings)._replace(linger=10.0)
        worker = Worker(self.dir, self.server.key, config, trainer=Trainer(None), follow=False, verify=verify)
        return worker.run()

    def get(self, path: str, **query: Any) -> Any:
        """Ask the server, through the ingest service's address."""
        headers = {"Authorization": f"Bearer {self.server.key}"}
        query = {"projectName": self.project, **query}
        answer = requests.get(self.ingest.url + path, params=query, headers=headers, timeout=60)
        answer.raise_for_status()
        return answer.json()

    @property
    def number(self) -> int:
        """The run's number on the server."""
        (run,) = self.get("/api/runs/list")["runs"]
        return int(run["id"])

    def doubles(self, rows: int = ROWS, files: int = 3) -> Counter[str]:
        """Assert that nothing is missing; return by kind how much is there more than once."""
        self.ingest.flush()
        run = self.number
        found = self.get("/api/runs/metrics", runId=run, logName="loss", limit=10_000)["metrics"]
        assert [(row["step"], row["value"]) for row in found] == [(step, step / 2) for step in range(rows)]
        texts = self.get("/api/embedded/data", runId=run, logName="word", limit=10_000)["data"]
        lines = self.get("/api/runs/logs", runId=run, limit=10_000)["logs"]
        listed = [one for one in self.get("/api/runs/files", runId=run)["files"] if "picture" in one["logName"]]
        counts = {
            "texts": Counter(int(one["data"]) for one in texts),
            "lines": Counter(int(one["message"].split()[1]) for one in lines),
            "files": Counter(one["fileName"] for one in listed),
        }
        assert set(counts["texts"]) == set(range(0, rows, 3))
        assert set(counts["lines"]) == set(range(rows))
        assert len(counts["files"]) == files
        return Counter({kind: sum(one.values()) - len(one) for kind, one in counts.items()})

    @property
    def staged(self) -> list[Path]:
        """The staged files that are still on the disk."""
        return [path for path in (self.dir / staging.FOLDER).glob("*") if path.suffix in (".txt", ".json")]


@pytest.fixture
def run_of(tmp_path: Path, keeping_server: Running, request: pytest.FixtureRequest) -> Callable[..., Run]:
    """Makes the run directory of a test in front of an ingest service."""
    name = re.sub(r"\W", "-", request.node.name)
    return lambda ingest: Run(tmp_path, keeping_server, ingest, name)


RunOf = Callable[[ForgetfulIngest], Run]


def test_everything_that_was_forgotten_is_sent_again_once(make: Make, run_of: RunOf, clock: Clock) -> None:
    """The machine went away before anything was stored: the next `sync` finds rows, texts, lines, files and the files
    of artifacts missing, and after that nothing is on the disk that is on the server."""
    ingest = make()
    run = run_of(ingest)
    run.log()
    run.artifact("weights")
    run.end()
    first = run.upload()
    assert first.phase == "done" and first.unverified and not first.healed
    assert len(run.staged) == 5  # three files, the artifact's file and its manifest
    ingest.restart()
    clock.skew += 60
    second = run.upload(verify=0.01)
    assert set(second.healed) == {"metrics", "data", "console", "files", "artifacts"}
    assert second.healed["metrics"] == ROWS and second.healed["artifacts"] == 2
    ingest.flush()
    clock.skew += 60
    third = run.upload(verify=5)
    assert third.unverified == 0 and third.healed == second.healed
    assert not run.staged
    assert run.doubles() == {"texts": 0, "lines": 0, "files": 0}
    assert (
        len([one for one in run.get("/api/runs/files", runId=run.number)["files"] if "weights" in one["logName"]]) == 2
    )


def test_what_is_sent_again_is_split_at_a_proxys_limit(make: Make, run_of: RunOf, clock: Clock) -> None:
    """Between two attempts a proxy that limits bodies came in between: batches go in parts, a long text as a file."""
    ingest = make()
    run = run_of(ingest)
    run.log()
    run.text("long", "x" * 190)
    run.end()
    run.upload()
    ingest.restart()
    clock.skew += 60
    ingest.limit = 240
    assert run.upload(verify=0.01).healed["metrics"] == ROWS
    ingest.flush()
    clock.skew += 60
    assert run.upload(verify=5).unverified == 0
    assert run.doubles() == {"texts": 0, "lines": 0, "files": 0}
    assert [one["logName"] for one in run.get("/api/runs/files", runId=run.number)["files"]].count("long") == 1
    assert not run.get("/api/embedded/data", runId=run.number, logName="long", limit=10)["data"]


def test_what_is_stored_late_is_not_sent_again(
    make: Make, run_of: RunOf, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as nothing that was acknowledged later is stored, the service may only be slow."""
    monkeypatch.setattr(verifier, "LATE_TIME", 1000.0)
    ingest = make()
    run = run_of(ingest)
    run.log()
    run.end()
    run.upload()
    clock.skew += 60
    assert run.upload().unverified
    ingest.flush()
    state = run.upload(verify=5)
    assert (state.unverified, state.healed) == (0, {})
    assert run.doubles() == {"texts": 0, "lines": 0, "files": 0}


def test_a_server_that_cannot_be_asked_has_accepted(make: Make, run_of: RunOf) -> None:
    """An older server has no route to read rows back: acknowledged is all that is known, and nothing is kept for it."""
    ingest = make()
    ingest.without = "metrics/raw"
    run = run_of(ingest)
    run.log()
    run.artifact("weights")
    run.end()
    state = run.upload(verify=5)
    assert (state.phase, state.verifiable, state.unverified) == ("done", False, 0)
    assert not run.staged
    assert run.doubles() == {"texts": 0, "lines": 0, "files": 0}


def delete(run: Run) -> None:
    """Delete a run on the server, as its page does; the routes have nothing for that."""
    number = run.number
    with sqlite3.connect(run.server.data_dir / "pluto.db", timeout=30) as database:
        database.execute("DELETE FROM run WHERE id = ?", (number,))


def test_a_run_that_was_deleted_before_its_end_is_sent_anew(make: Make, run_of: RunOf, clock: Clock) -> None:
    """Rows of a number that is gone do not count: `sync` fills a new run."""
    ingest = make(interval=0.1)
    run = run_of(ingest)
    run.log()
    run.upload()
    ingest.flush()
    clock.skew += 60
    assert run.upload().unverified == 0
    delete(run)
    run.log(first=ROWS, files=0)
    run.end()
    run.upload()
    ingest.flush()
    clock.skew += 60
    state = run.upload(verify=5)
    assert (state.phase, state.unverified) == ("done", 0)
    # What was seen to be stored is not on the disk any more: of the files nothing can be sent again.
    assert run.doubles(rows=2 * ROWS, files=0) == {"texts": 0, "lines": 0, "files": 0}


def test_a_run_that_is_deleted_after_its_end_stays_deleted(make: Make, run_of: RunOf, clock: Clock) -> None:
    """Its user does not want it back: the check ends, and nothing is sent to a number that is gone."""
    ingest = make()
    run = run_of(ingest)
    run.log()
    run.end()
    run.upload()
    ingest.restart()
    delete(run)
    clock.skew += 60
    before = Counter(ingest.calls)
    state = run.upload(verify=5)
    assert (state.phase, state.unverified, state.healed) == ("done", 0, {})
    assert not [call for call in ingest.calls - before if "ingest" in call or "POST /files" in call]


def test_a_run_that_was_renamed_is_checked_by_its_number(make: Make, run_of: RunOf, clock: Clock) -> None:
    """The name of a run on the server plays no part."""
    ingest = make()
    run = run_of(ingest)
    run.log()
    run.end()
    run.upload()
    number = run.number
    with sqlite3.connect(run.server.data_dir / "pluto.db", timeout=30) as database:
        database.execute("UPDATE run SET name = 'another' WHERE id = ?", (number,))
    ingest.flush()
    clock.skew += 60
    state = run.upload(verify=5)
    assert (state.unverified, state.healed) == (0, {})


def test_files_beyond_what_one_answer_holds(
    make: Make, run_of: RunOf, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the run's list is cut off, each key is asked for; of a key whose own list is cut off the others share the
    fate of the rows."""
    monkeypatch.setattr(read_back, "LISTED", 10)
    monkeypatch.setattr(read_back, "FEW_KEYS", 2)
    ingest = make()
    ingest.listed = 10
    run = run_of(ingest)
    run.log(files=6)
    for index in range(13):
        run.file("many/a", f"{index:02}.txt")
    for index in range(4):
        run.file(f"few/{index}", "a.txt")
    run.end()
    run.upload()
    ingest.flush()
    clock.skew += 60
    state = run.upload(verify=5)
    assert (state.unverified, state.healed) == (0, {})
    assert not run.staged


def test_a_batch_that_the_server_lost_by_itself(make: Make, run_of: RunOf, clock: Clock) -> None:
    """A server that cannot keep a batch with a NaN while its database is away loses the neighbours too."""
    ingest = make()
    ingest.loses = lambda body: b"NaN" in body
    run = run_of(ingest)
    run.log(rows=ROWS - 1)
    run._pipeline.row({"loss": (ROWS - 1) / 2, "odd": float("nan")}, ROWS - 1, TIME)
    run._pipeline.submit(records.Console(TIME, f"line {ROWS - 1}", ROWS, "INFO"))
    run.end()
    run.upload()
    assert ingest.forgotten["/ingest/metrics"] == ROWS
    ingest.loses = lambda body: False
    ingest.flush()
    clock.skew += 60
    run.upload(verify=0.01)
    ingest.flush()
    clock.skew += 60
    state = run.upload(verify=5)
    assert state.unverified == 0 and state.healed["metrics"] == ROWS
    assert not run.doubles() - Counter({"texts": ROWS // 3})


def test_a_check_is_a_few_requests(make: Make, run_of: RunOf, clock: Clock) -> None:
    """Hundreds of rows with gaps between their steps, lines and files: one request for each kind and key."""
    ingest = make()
    run = run_of(ingest)
    run.log()
    for step in range(1, 400):
        run._pipeline.row({"loss": step / 2, "acc": 1}, 1000 * step, TIME + step)
    run.end()
    run.upload()
    ingest.flush()
    clock.skew += 60
    before = Counter(ingest.calls)
    assert run.upload().unverified == 0
    assert ingest.calls - before == {
        "GET /api/runs/metrics/raw": 1,
        "GET /api/runs/logs": 1,
        "GET /api/runs/files": 2,
    }
    assert run.upload().unverified == 0
    assert sum((ingest.calls - before).values()) == 4


def test_stored_rows_are_asked_for_in_few_ranges() -> None:
    """Neighbours together, whatever their distance in steps, up to what one answer should hold."""
    probes = [read_back.Probe(1000 * step) for step in range(100)]
    assert read_back.ranges(probes) == [(0, 99_000)]
    dense = [read_back.Probe(0, 4998), read_back.Probe(4999), read_back.Probe(5000, 9998), read_back.Probe(14_999)]
    assert read_back.ranges(dense) == [(0, 0), (4999, 5000), (14_999, 14_999)]
    many = read_back.ranges([read_back.Probe(step) for step in range(50_000)])
    assert len(many) == 3 and many[0][0] == 0 and many[-1][1] == 49_999


def test_old_notes_are_still_read(tmp_path: Path) -> None:
    """Notes of earlier releases have no stretches: what they acknowledged counts as stored."""
    (tmp_path / "journal").mkdir()
    offsets = Offsets(tmp_path)
    offsets.acknowledge("metrics", "run-abc.wandb", 500)
    assert not Offsets(tmp_path).unstored()


def test_the_next_run_in_the_folder_checks(
    make: Make, run_of: RunOf, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an uploader that is gone could not check is checked beside the next run, without a message: a delivered run
    is not interrupted."""
    ingest = make()
    run = run_of(ingest)
    run.log()
    run.end()
    run.upload()
    ingest.restart()
    clock.skew += 60
    config = WorkerConfig.of(Settings.read(ingest.environment())[0])
    other = run.dir.with_name("run-20260101_000001-other")
    other.mkdir()
    assert not recovery.find_interrupted(other)  # this process wrote it, and may go on
    monkeypatch.setattr(Trainer, "alive", lambda self: False)
    assert [one.unchecked for one in recovery.find_interrupted(other)] == [True]
    monkeypatch.setattr(recovery, "VERIFY_TIME", 0.01)
    recovery.upload_interrupted(other, run.server.key, config)
    assert State.read(run.dir).healed["metrics"] == ROWS  # type: ignore[union-attr] # it was written
    ingest.flush()
    clock.skew += 60
    start = records.Start(TIME, run.project, "abc", "the same run")
    assert recovery.recover(other, start, run.server.key, config) is None
    assert not recovery.find_interrupted(other)
    assert run.doubles() == {"texts": 0, "lines": 0, "files": 0}
