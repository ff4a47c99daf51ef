"""A run that reaches a server knows its page, and goes on when it is asked to."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import wandb
from tests.helpers.server_state import Server
from wandb_compat.config.settings import Settings
from wandb_compat.spool.worker_config import WorkerConfig
from wandb_compat.uploader.trainer import Trainer
from wandb_compat.uploader.worker import Worker
from wandb_compat.wire.packed_config import unpacked


@pytest.fixture
def online(pluto_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The embedded server, as the environment names it."""
    for name, value in pluto_server.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WANDB_COMPAT_LINGER", "0")
    yield pluto_server
    wandb.teardown()


def soon(ask: Callable[[], Any]) -> Any:
    """Return the first true answer, for half a minute at most."""
    end = time.monotonic() + 30
    while not (answer := ask()) and time.monotonic() < end:
        time.sleep(0.05)
    return answer


def test_url_entity_and_path_are_right_at_first_use(online: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Scripts join them to texts right after `init`: the first use waits for the server's answer."""
    with wandb.init(project="native-url") as run:
        url = run.url
        assert url and url.startswith(f"{run.project_url}/") and run.get_url() == url
        assert run.entity == wandb.Api().default_entity
        assert run.path.split("/") == [run.entity, "native-url", run.id]
        artifact = wandb.Artifact("numbers", "dataset")
        with artifact.new_file("numbers.txt") as file:
            file.write("1")
        assert run.log_artifact(artifact).wait().qualified_name == f"{run.entity}/native-url/numbers:v0"
        assert run.resumed is False
    assert run.url == url
    assert f"View run {run.name} at: {url}" in capsys.readouterr().err


def test_an_unreachable_server_does_not_hold_up_the_url(
    online: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The wait has a bound, once for the run: later uses return at once."""
    for name in ("PLUTO_URL_APP", "PLUTO_URL_API", "PLUTO_URL_INGEST", "PLUTO_URL_PY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("WANDB_COMPAT_FINISH_BUDGET", "0.1")
    with wandb.init(project="native-url-away") as run:
        assert (run.url, run.project_url, run.entity) == (None, None, "")
        assert run.path == f"native-url-away/{run.id}"
        deadline = run._url_deadline
        assert run.url is None and run._url_deadline == deadline


def test_replaced_and_deleted_values_leave_the_server(online: Any) -> None:
    """A replaced dict loses its old keys, in configuration and summary, and the summary its deleted keys."""
    config = {"optimizer": {"name": "adam", "betas": [0.9, 0.99], "eps": 1e-8}, "dropout": None, "net": {"norm": None}}
    with wandb.init(project="native-replaced", id="replaced", config=config) as run:
        run.summary["stale"] = 2
        run.summary["best"] = {"epoch": 1, "loss": 0.5}
        assert run.url
        run._summary_publisher.publish()
        del run.summary["stale"]
        run.summary["best"] = 3
        run.config.update({"optimizer": {"name": "sgd", "momentum": 0.9}}, allow_val_change=True)
    seen = wandb.Api().run("native-replaced/replaced")
    assert seen.config == {"optimizer": {"name": "sgd", "momentum": 0.9}, "dropout": None, "net": {"norm": None}}
    assert {key: value for key, value in dict(seen.summary).items() if key[0] != "_"} == {"best": 3}
    with wandb.init(project="native-replaced", id="replaced", resume="must") as run:
        assert run.config.optimizer == {"name": "sgd", "momentum": 0.9} and "stale" not in run.summary
        run.config.update({"optimizer": {"name": "adam", "eps": None}}, allow_val_change=True)
    assert wandb.Api().run("native-replaced/replaced").config["optimizer"] == {"name": "adam", "eps": None}


def test_resuming_takes_only_top_level_keys_that_are_not_set(online: Any) -> None:
    """The script's own dict is not mixed with that of the previous run, neither in the script nor on the server."""
    with wandb.init(project="native-taken", id="taken", config={"optimizer": {"name": "adam", "eps": 1}, "old": 1}):
        pass
    with wandb.init(project="native-taken", id="taken", resume="allow", config={"optimizer": {"name": "sgd"}}) as run:
        assert dict(run.config) == {"optimizer": {"name": "sgd"}, "old": 1}
    assert wandb.Api().run("native-taken/taken").config == {"optimizer": {"name": "sgd"}, "old": 1}


def test_a_run_of_the_same_id_and_project_goes_on(online: Any) -> None:
    """`resumed` says so, and its rows follow those of the first."""
    for resumed in (False, True):
        with wandb.init(project="native-resume", id="abc", resume="allow") as run:
            run.log({"a": run.step})
            assert soon(lambda run=run: run.url)
            assert run.resumed is resumed
        assert run.starting_step == int(resumed)


def test_a_key_given_to_login_serves_the_next_run(online: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any variable, `wandb.login(key=...)` is enough."""
    monkeypatch.delenv("PLUTO_API_KEY")
    assert wandb.login(key=online.key)
    with wandb.init(project="native-login") as run:
        run.log({"a": 1})
    assert run.url


def test_what_changes_while_a_run_goes_on_arrives(online: Any) -> None:
    """Name, notes, tags, configuration and summary are on the server when the run has ended."""
    with wandb.init(project="native-changes", config={"lr": 0.1}, tags=["a"], group="g") as run:
        run.config.update({"lr": 0.2, "net": {"depth": 3}}, allow_val_change=True)
        run.tags += ("b",)
        run.name = "renamed"
        run.notes = "noted"
        run.summary["best"] = 0.9
        run.log({"loss": 1.0})
        run.log({"loss": float("nan")})
    headers = {"Authorization": f"Bearer {online.key}"}
    listed = requests.get(
        f"{online.url}/api/runs/list", params={"projectName": "native-changes"}, headers=headers
    ).json()
    (found,) = listed["runs"]
    details = requests.get(f"{online.url}/api/runs/details/{found['id']}", headers=headers).json()
    assert details["status"] == "COMPLETED"
    assert sorted(details["tags"]) == ["a", "b", "group:g"]
    assert (details["config"]["lr"], details["config"]["net"]) == (0.2, {"depth": 3})
    about = unpacked(details["config"])["wandb"]
    assert (about["name"], about["notes"]) == ("renamed", "noted")
    assert (about["summary"]["best"], about["summary"]["loss"], about["summary"]["_step"]) == (0.9, "NaN", 1)


def test_a_run_that_is_not_created_yet_takes_the_name_that_it_was_given_last(online: Any, tmp_path: Path) -> None:
    """No server can rename a run, so an offline run is created with its last name."""
    with wandb.init(project="native-names", mode="offline", name="first", dir=tmp_path) as run:
        run.name = "second"
        run.name = "third" * 100
        run.log({"loss": 1.0})
    run_dir = Path(run.dir).parent
    config = WorkerConfig.of(Settings())._replace(urls=[online.url] * 4)
    assert Worker(run_dir, online.key, config, trainer=Trainer(None), follow=False).run().phase == "done"
    (listed,) = Server(online.url, online.key).get("/api/runs/list", projectName="native-names")["runs"]
    assert listed["name"] == ("third" * 100)[:255]
    assert wandb.Api().run(f"native-names/{run.id}").name == "third" * 100
