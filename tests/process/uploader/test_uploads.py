"""Files on their way to the store: announced once, and none of them holds up the others."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.helpers.fault_proxy import FaultProxy
from tests.helpers.server_state import Server
from tests.process.faults.conftest import environment, project, server
from wandb_compat.config.settings import Settings
from wandb_compat.pipeline.pipeline import Pipeline
from wandb_compat.spool import records
from wandb_compat.spool.delivery_log import Offsets
from wandb_compat.spool.notifier import CallbackNotifier
from wandb_compat.spool.status import State
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.uploader import announcements, backoff
from wandb_compat.uploader.trainer import Trainer
from wandb_compat.uploader.worker import Worker

__all__ = ["environment", "project", "server"]

TIME = 1_760_000_000_000
Make = Callable[..., Path]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures are retried at once."""
    monkeypatch.setattr(backoff, "BACKOFF", (0.01, 0.1))


@pytest.fixture
def make(tmp_path: Path, project: str) -> Make:
    """Makes the run directory of a run that has ended, with a row and files."""

    def made(*files: dict[str, Any]) -> Path:
        run_dir = tmp_path / "offline-run-20260101_000000-abc"
        run_dir.mkdir()
        pipeline = Pipeline(
            run_dir,
            Settings(),
            notifier=CallbackNotifier(lambda level, text: None),
            head=run_dir / "run-abc.wandb",
        )
        pipeline.start(records.Start(time=TIME, project=project, id="abc", name="abc"), None, online=False)
        pipeline.row({"loss": 1.0}, 0, TIME)
        (run_dir / "journal/staged").mkdir(parents=True, exist_ok=True)
        for number, file in enumerate(files):
            path = run_dir / f"journal/staged/{number}.txt"
            path.write_text(f"content {number}")
            fields: dict[str, Any] = {"key": "good", "name": f"{number}.txt", "type": "txt", **file}
            pipeline.submit(records.File(TIME, number, path=f"journal/staged/{number}.txt", **fields))
        pipeline.finish(records.Exit(TIME + 1000, "completed", 0))
        return run_dir

    return made


def deliver(run_dir: Path, url: str, key: str, linger: float = 60) -> State:
    """Deliver a run directory as `sync` does."""
    config = WorkerConfig.of(Settings())._replace(urls=[url] * 4, linger=linger)
    return Worker(run_dir, key, config, trainer=Trainer(None), follow=False).run()


def announced(proxy: FaultProxy) -> Counter[str]:
    """Return how often each file name was announced."""
    bodies = [json.loads(call.body) for call in proxy.calls if call.path == "/files" and call.fault is None]
    return Counter(entry["fileName"] for body in bodies for entry in body["files"])


def stored(server: Server, project: str, key: str = "good") -> dict[str, str]:
    """Return the content of the stored files of a key by name."""
    run = server.ended(project)
    assert run["status"] == "COMPLETED"
    files = server.get("/api/runs/files", projectName=project, runId=run["id"], logName=key)["files"]
    return {file["fileName"]: requests.get(file["url"], timeout=10).text for file in files}


def test_an_outage_of_the_store(make: Make, proxy: FaultProxy, server: Server, project: str) -> None:
    """Files are announced once, ten a request, however often their upload fails, and by however many uploaders."""
    run_dir = make(*[{}] * 25)
    proxy.where, proxy.fault = "/blob/", "503"
    assert deliver(run_dir, proxy.url, server.key, linger=1).phase == "left"
    assert proxy.met("503") > 2
    urls = run_dir / "journal/urls-files.jsonl"
    assert urls.stat().st_mode & 0o077 == 0
    proxy.fault = None
    assert deliver(run_dir, proxy.url, server.key).phase == "done"
    assert announced(proxy) == Counter({f"{number}.txt": 1 for number in range(25)})
    assert sum(call.path == "/files" for call in proxy.calls) == 3
    assert stored(server, project) == {f"{number}.txt": f"content {number}" for number in range(25)}
    assert not urls.exists()


def test_what_the_store_never_takes(
    make: Make, proxy: FaultProxy, server: Server, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names that a store refuses are given up by name; the other files and the end of the run get through."""
    monkeypatch.setattr(announcements, "RENEWAL", 0.0)
    long, dots = {"name": "n" * 300}, {"key": "up/../down"}
    run_dir = make({}, long, dots, *[{}] * 12)
    state = deliver(run_dir, proxy.url, server.key)
    assert (state.phase, state.refused) == ("done", 2)
    reasons = Offsets(run_dir).refusal_reasons
    assert "'good' at step 1" in reasons and "XMinioInvalidObjectName" in reasons
    assert "'up/../down' at step 2" in reasons and "<" not in reasons
    assert len(stored(server, project)) == 14  # that with the long name was announced
    counts = announced(proxy)
    assert counts.pop("2.txt") == announcements.REFUSALS and set(counts.values()) == {1}


def test_an_expired_url_is_asked_for_anew(
    make: Make, proxy: FaultProxy, server: Server, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A URL that is refused is replaced at once the first time; a store that goes on refusing costs no more entries."""
    run_dir = make({}, {})
    proxy.where, proxy.fault = "/blob/", "403"
    assert deliver(run_dir, proxy.url, server.key, linger=1).phase == "left"
    assert proxy.met("403") > 6
    assert set(announced(proxy).values()) == {2}
    proxy.fault = None
    monkeypatch.setattr(announcements, "time", lambda: 4e9)  # both URLs have expired
    assert deliver(run_dir, proxy.url, server.key).phase == "done"
    assert set(announced(proxy).values()) == {3}
    assert len(stored(server, project)) == 2


def boxes(count: int) -> str:
    """Return annotations with so many boxes in each of two layers."""
    box = {"position": {"minX": 1, "maxX": 2, "minY": 3, "maxY": 4}, "class_id": 7, "domain": "pixel"}
    layer = {"box_data": [box] * count, "class_labels": {"7": "é" * 10}}
    return json.dumps({"boxes": {"first": layer, "second": layer}})


@pytest.mark.parametrize("limited", [False, True], ids=["server", "proxy"])
def test_annotations_over_the_limit(make: Make, proxy: FaultProxy, server: Server, project: str, limited: bool) -> None:
    """An image arrives with those boxes that the server, or a proxy before it, takes, and the message names it."""
    if limited:
        proxy.where, proxy.fault, proxy.picky = "^/files", "413", lambda body: len(body) > 100_000
    run_dir = make({"annotations": boxes(500 if limited else 15_000)}, {"annotations": boxes(50)}, {})
    state = deliver(run_dir, proxy.url, server.key)
    assert (state.phase, state.refused) == ("done", 1)
    assert "image 'good' at step 0 arrives without" in Offsets(run_dir).refusal_reasons
    run = server.ended(project)
    files = server.get("/api/runs/files", projectName=project, runId=run["id"], logName="good")["files"]
    layers = [json.loads(file["annotations"])["boxes"] for file in files if file.get("annotations")]
    first, second = sorted(layers, key=lambda one: -len(one["first"]["box_data"]))
    assert 100 < len(first["first"]["box_data"]) == len(first["second"]["box_data"]) < (500 if limited else 15_000)
    assert len(second["first"]["box_data"]) == 50 and first["first"]["class_labels"] == {"7": "é" * 10}
    assert len(stored(server, project)) == 3
    assert not list((run_dir / "journal/staged").iterdir())
