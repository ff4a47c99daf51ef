"""A run that reaches a server knows its page, and goes on when it is asked to."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

import wandb


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


def test_the_url_is_known_soon_and_kept(online: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """`run.url` is None until the server has answered; it stays after the end, when it is printed."""
    with wandb.init(project="native-url") as run:
        run.log({"a": 1})
        assert soon(lambda: run.url)
        assert run.get_url() == run.url and run.url.startswith(run.project_url)
        assert run.resumed is False
    assert run.url
    output = capsys.readouterr().err
    assert f"View run {run.name} at: {run.url}" in output and "Pluto has every row of the run" in output


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
    about = details["config"]["wandb"]
    assert (about["name"], about["notes"]) == ("renamed", "noted")
    assert (about["summary"]["best"], about["summary"]["loss"], about["summary"]["_step"]) == (0.9, "NaN", 1)
