"""What a run that was read back tells: names, configuration, summary, state."""

import json
import math
import subprocess
import sys
from typing import Any

import pytest

import wandb
from tests.helpers.counting_proxy import Counter
from tests.process.api.conftest import Logged


@pytest.mark.parametrize(
    "path",
    [
        "team/rich/rich1",
        "rich/rich1",
        "/team/rich/rich1",
        "team/rich/runs/rich1",
        "/team/rich/runs/rich1/",
        "rich/runs/rich1",
        "team/rich:rich1",
        "rich:rich1",
        "rich1",
        " rich / rich1 ",
    ],
)
def test_a_run_is_found_by_every_form_of_its_path(path: str, api: wandb.Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever form a path has, it leads to the same run."""
    api.settings["project"] = "rich"
    assert api.run(path).id == "rich1"


def test_a_bare_id_takes_the_project_of_the_environment(api: wandb.Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """`WANDB_PROJECT` and `overrides` name the project of an id that stands alone."""
    monkeypatch.setenv("WANDB_PROJECT", "rich")
    assert wandb.Api().run("rich1").name == "second name"
    assert wandb.Api(overrides={"project": "grid"}).run("grid0").name == "run 0"


def test_a_run_is_found_by_plutos_names_too(api: wandb.Api) -> None:
    """A run's number and display id, which Pluto's page shows, name it as well."""
    run = api.run("rich/rich1")
    display = run._load_details()["displayId"]
    assert api.run(f"rich/{run.number}").id == api.run(f"rich/{display}").id == "rich1"


@pytest.mark.parametrize("path", ["", "/", "a/b/c/d", "a/b/"])
def test_a_path_that_makes_no_sense_is_refused(path: str, api: wandb.Api) -> None:
    """A path without an id, or with too many parts, is a ValueError that shows it."""
    api.settings["project"] = "rich"
    with pytest.raises(ValueError, match="Invalid path" if path != "a/b/" else "Could not find run"):
        api.run(path)


@pytest.mark.parametrize("path", ["rich/nope", "nope/nope/nope", "team/rich/99999999", "rich/ABC-99999"])
def test_a_run_that_is_not_there(path: str, api: wandb.Api) -> None:
    """A missing run is the CommError and the ValueError of wandb at once, so that either `except` clause serves."""
    with pytest.raises(wandb.CommError, match="Could not find run"):
        api.run(path)
    with pytest.raises(ValueError, match="Could not find run"):
        api.run(path)


def test_a_run_tells_what_it_was_started_with(api: wandb.Api, truth: dict[str, Any]) -> None:
    """Id, names, tags, group, notes, configuration and the rest are those of `wandb.init`."""
    run = api.run("team/rich/rich1")
    assert (run.id, run.name, run.display_name) == ("rich1", "second name", "second name")
    assert (run.entity, run.project, run.path) == ("team", "rich", ["team", "rich", "rich1"])
    assert (run.tags, run.group, run.job_type, run.notes) == (["a", "b"], "g1", "train", "some notes")
    assert run.config == {
        "lr": 0.1,
        "model": {"depth": 3, "sizes": [1, 2]},
        "flag": True,
        "none": None,
        "wandb": {"mine": 1},
    }
    assert json.loads(run.json_config)["lr"] == {"value": 0.1, "desc": None}
    assert run.url == truth["rich"]["url"]
    assert run.url in run.to_html()
    assert run.created_at.startswith("20")
    assert run.createdAt == run.created_at
    assert run._attrs["rawconfig"] == run.rawconfig == run.config
    assert run.metadata is not None
    assert run.metadata["program"].endswith("logged_runs.py")
    assert "wandb_run_id" not in run.metadata
    assert run.user.username == run.metadata["username"]
    assert run.read_only is False
    assert repr(run) == "<Run team/rich/rich1 (finished)>"
    with pytest.raises(AttributeError, match="nonsense"):
        run.nonsense  # noqa: B018


def test_a_summary_has_the_last_values_nested_and_with_media(api: wandb.Api, truth: dict[str, Any]) -> None:
    """The summary is that of the run that logged it, media in wandb's form."""
    summary = api.run("rich/rich1").summary
    last = truth["rich"]["rows"][-1]
    assert summary["loss"] == summary.loss == last["loss"]
    assert summary["nested"]["deep"]["x"] == last["nested"]["deep"]["x"]
    assert summary.get("remark") == "text 4"
    assert summary["best"] == 0.5
    assert dict(summary["per_class"].items()) == {"cat": 0.25, "dog": 0.75}
    assert summary["odd"] == "NaN"  # as wandb gives it
    assert summary["picture"]["_type"] == "image-file"
    assert summary["picture"]["caption"] == "a picture"
    assert summary["pictures"]["_type"] == "images/separated"
    assert summary["_step"] == 5
    assert summary.get("absent") is None
    with pytest.raises(KeyError):
        summary["absent"]
    assert "loss" in summary
    assert "loss" in summary.keys()  # noqa: SIM118


def test_the_end_of_a_run_in_wandbs_words(api: wandb.Api) -> None:
    """Exit codes, Ctrl-C and a killed process become finished, failed, killed and crashed."""
    for state in ("finished", "failed", "killed", "crashed"):
        assert api.run(f"ends/{state}").state == state
    assert {run.id: run.state for run in api.runs("ends")} == {
        word: word for word in ("finished", "failed", "killed", "crashed")
    }


def test_waiting_for_a_run_that_goes_on(api: wandb.Api, log: Logged, monkeypatch: pytest.MonkeyPatch) -> None:
    """`wait_until_finished` comes back when the run is over and `state` tells how it ended."""
    monkeypatch.setattr(
        "wandb._native.api.run_edit.sleep", lambda _: api._reader.wire.set_status(run.number, "COMPLETED", 1)
    )
    run = log("one")
    assert run.state == "running"
    run.wait_until_finished()
    assert run.state == "finished"


def test_a_run_that_is_being_preempted(log: Logged) -> None:
    """`mark_preempting` shows as wandb's state."""
    run = log("one", config={"wandb": {"state": "preempting"}})
    run.load(force=True)
    assert run.state == "preempting"
    assert run.update_state("failed")
    run.load(force=True)
    assert run.state == "preempted"


def test_a_run_that_pluto_migrated(api: wandb.Api, log: Logged, request: pytest.FixtureRequest) -> None:
    """A run brought over by `pluto migrate` is found by its wandb id and has what wandb recorded of it."""
    findings = {"url": "https://wandb.ai/e/p/runs/old1", "state": "crashed", "notes": "n", "summary": {"acc": 0.5}}
    log("elsewhere", config={"lr": 1, "wandb": findings})
    run = api.run(f"{request.node.name}/old1")
    assert (run.state, run.notes, run.summary["acc"], run.config) == ("crashed", "n", 0.5, {"lr": 1})


def test_a_run_of_plutos_own_client(api: wandb.Api, log: Logged) -> None:
    """A run without a summary of ours has the last value of each metric."""
    run = log("native", {"loss": [(0, 2.0), (1, 1.0)], "sys/cpu.pct.0": [(1, 50.0)]})
    assert run.summary_metrics == {"loss": 1.0}
    assert run.system_metrics == {"system.cpu.pct.0": 50.0}
    assert run.lastHistoryStep == 1


def test_the_same_call_gives_the_same_run_until_flush(counted: tuple[wandb.Api, Counter]) -> None:
    """Runs are kept until `flush`; a run costs one request for its number and one for its details."""
    api, counter = counted
    first = api.run("rich/rich1")
    assert counter.paths() == ["list", "details"]
    assert api.run("rich/rich1") is first
    assert (first.config["lr"], first.summary["best"], first.tags) == (0.1, 0.5, ["a", "b"])
    assert counter.paths() == []
    api.flush()
    assert api.run("rich/rich1") is not first


def test_the_lines_of_the_console(api: wandb.Api) -> None:
    """What the script printed comes back in order, a part of it on request."""
    run = api.run("rich/rich1")
    lines = list(run.console_logs())
    assert "a line of the console" in [line.content for line in lines]
    assert [line.content for line in run.console_logs(per_page=1)] == [line.content for line in lines]
    assert [line.number for line in run.console_logs(last=1)] == [len(lines) - 1]
    assert lines[0].level in ("info", "error")
    assert lines[0].timestamp is not None


def test_a_wrong_key_and_a_server_that_is_away(api: wandb.Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """These are two different errors of wandb, and the key is in neither."""
    with pytest.raises(wandb.errors.AuthenticationError) as refused:
        wandb.Api(api_key="mlpi_wrongwrongwrong1").run("rich/rich1")
    assert "wrongwrong" not in str(refused.value)
    monkeypatch.setenv("PLUTO_URL_API", "http://127.0.0.1:9")
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(wandb.CommError):
        wandb.Api().run("rich/rich1")


def test_who_is_asking(api: wandb.Api) -> None:
    """Pluto knows only the organisation of a key."""
    assert api.default_entity == "local"
    assert api.viewer.entity == api.viewer.username == "local"
    assert api.viewer.teams == ["local"]
    assert api.user("local") is not None
    assert api.user("someone") is None
    assert api.users("someone") == []
    assert api.team("local").name == "local"
    assert api.api_key
    assert wandb.apis.InternalApi().api_key == api.api_key
    assert wandb.api.viewer()["entity"] == "local"
    assert wandb.apis.PublicApi is wandb.Api


def test_projects(api: wandb.Api) -> None:
    """Projects are listed with what Pluto knows of them."""
    projects = api.projects()
    assert {"rich", "ends", "grid"} <= {project.name for project in projects}
    assert len(projects) == len(list(projects))
    grid = api.project("grid", entity="team")
    assert (grid.name, grid.path, grid.run_count) == ("grid", ["team", "grid"], 5)
    assert grid.created_at.startswith("20")
    assert grid.url.endswith("/o/local/projects/grid")
    with pytest.raises(wandb.CommError, match="Could not find project nope"):
        api.project("nope").id  # noqa: B018
    assert api.from_path("team/grid").name == "grid"
    assert api.from_path("team/rich/runs/rich1").id == api.from_path("team/rich/rich1").id == "rich1"
    with pytest.raises(wandb.Error, match="Invalid path"):
        api.from_path("a/b/c/d/e")


def test_a_sweep_is_what_its_runs_tell(api: wandb.Api) -> None:
    """A sweep has the runs that are tagged with it, and a best one."""
    sweep = api.sweep("team/grid/sweeps/swp")
    assert sorted(run.id for run in sweep.runs) == ["grid1", "grid2"]
    assert (sweep.id, sweep.name, sweep.state) == ("swp", "swp", "FINISHED")
    assert sweep.best_run("-summary_metrics.loss").id == "grid2"
    assert sweep.best_run("+summary_metrics.loss").id == "grid1"
    assert api.run("grid/grid1").sweep.id == api.run("grid/grid1").sweep_name == "swp"
    assert api.run("grid/grid0").sweep is None
    assert [one.id for one in api.project("grid").sweeps()] == ["swp"]
    with pytest.raises(ValueError, match="Could not find sweep"):
        api.sweep("grid/nope")


def test_a_sweep_with_a_configuration(api: wandb.Api, log: Logged, request: pytest.FixtureRequest) -> None:
    """The metric of a sweep's configuration says which run is best; the newest without one."""
    config = {"id": "s9", "config": {"name": "search", "metric": {"name": "acc", "goal": "maximize"}}}
    for id, acc in (("low", 0.1), ("high", 0.9), ("newest", 0.5)):
        run = log(id, config={"wandb": {"sweep": config, "summary": {"acc": acc}}})
        api._reader.wire.update_tags(run.number, ["sweep:s9"])
    sweep = api.sweep(f"{request.node.name}/s9")
    assert (sweep.name, sweep.order, sweep.state) == ("search", "-summary_metrics.acc", "RUNNING")
    assert sweep.best_run().id == "high"


@pytest.mark.parametrize(
    "call",
    [
        lambda api: api.queued_run("e", "p", "q", "1"),
        lambda api: api.run_queue("e", "q"),
        lambda api: api.create_user("a@b.c"),
        lambda api: api.registry("r"),
        lambda api: api.automations(),
        lambda api: api.run("rich/rich1").update_state("pending"),
        lambda api: api.run("rich/rich1").file("weights.bin").delete(),
        lambda api: wandb.apis.public.QueuedRun(None),
        lambda api: wandb.apis.InternalApi().upsert_run(),
    ],
)
def test_what_pluto_has_not_says_so(call: Any, api: wandb.Api) -> None:
    """What has no counterpart is refused with what to do instead."""
    with pytest.raises(wandb.errors.UnsupportedError, match=r".{40}"):
        call(api)


def test_naming_the_classes_imports_nothing_heavy() -> None:
    """An annotation with `wandb.apis.public.Run` costs neither pluto nor pandas."""
    heavy = "{'pluto.query', 'pandas', 'numpy', 'httpx'}"
    code = f"import sys, wandb; wandb.apis.public.Run, wandb.Api; print({heavy} & {{*sys.modules}} or 'none')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "none"


def test_numbers_that_json_has_not(api: wandb.Api) -> None:
    """NaN and infinities of the history are what they were."""
    (row,) = api.run("rich/rich1").scan_history(keys=["odd", "huge"])
    assert math.isnan(row["odd"])
    assert row["huge"] == math.inf
