"""The life of a run: status rules, heartbeat, and the reaper of silent runs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.helpers.raw_http import Api
from wandb_compat.server.limits import Limits
from wandb_compat.server.serve import running

ORDER = ("COMPLETED", "TERMINATED", "CANCELLED", "FAILED")


@pytest.mark.parametrize("before", ORDER)
@pytest.mark.parametrize("after", ORDER)
def test_an_ended_run_only_moves_to_graver_news(api: Api, project: str, before: str, after: str) -> None:
    """A lower status is answered 200 and ignored."""
    run = api.create(project)
    for status in (before, after):
        assert api.post("/api/runs/status/update", runId=run, status=status).status_code == 200
    assert api.details(run)["status"] == max(before, after, key=ORDER.index)


def test_repeating_an_end_leaves_its_time_and_no_event(api: Api, project: str) -> None:
    """Only real changes are history."""
    run = api.create(project)
    assert api.details(run)["statusUpdated"] is None
    api.post("/api/runs/status/update", runId=run, status="FAILED", statusMetadata='{"type": "ValueError"}')
    first = api.details(run)
    time.sleep(0.01)
    api.post("/api/runs/status/update", runId=run, status="FAILED")
    second = api.details(run)
    assert second["statusUpdated"] == first["statusUpdated"]
    assert second["statusMetadata"] == {"type": "ValueError"}
    assert [(event["from"], event["to"]) for event in second["statusHistory"]] == [
        (None, "RUNNING"),
        ("RUNNING", "FAILED"),
    ]


def test_a_reason_is_removed_by_null(api: Api, project: str) -> None:
    """And kept where the field is absent."""
    run = api.create(project)
    api.post("/api/runs/status/update", runId=run, status="TERMINATED", statusMetadata='{"a": 1}')
    api.post("/api/runs/status/update", runId=run, status="CANCELLED")
    assert api.details(run)["statusMetadata"] == {"a": 1}
    api.post("/api/runs/status/update", runId=run, status="FAILED", statusMetadata=None)
    assert api.details(run)["statusMetadata"] is None
    history = api.get("/api/runs/status/history", runId=run).json()["events"]
    assert [(event["toStatus"], event["metadata"]) for event in history] == [
        ("RUNNING", None),
        ("TERMINATED", {"a": 1}),
        ("CANCELLED", None),
        ("FAILED", None),
    ]


def test_notes_have_a_limit(api: Api, project: str) -> None:
    """1,000 characters, as on the real server."""
    run = api.create(project)
    for notes, status in (("x" * 1000, 200), (None, 200), ("x" * 1001, 400), (5, 400), ("\0", 500)):
        assert api.post("/api/runs/notes/update", runId=run, notes=notes).status_code == status


def test_a_time_given_by_the_client_wins(api: Api, project: str) -> None:
    """Runs of the past keep their dates."""
    run = api.create(project, createdAt=1_500_000_000_000, updatedAt=1_500_000_001_000)
    api.post("/api/runs/status/update", runId=run, status="COMPLETED", statusUpdated=1_500_000_002_000)
    details = api.details(run)
    assert details["createdAt"] == "2017-07-14T02:40:00.000Z"
    assert details["statusUpdated"] == "2017-07-14T02:40:02.000Z"


@pytest.mark.parametrize("status", ["DONE", "", None, "completed"])
def test_an_unknown_status_is_refused(api: Api, project: str, status: str | None) -> None:
    """400, and the run goes on."""
    run = api.create(project)
    assert api.post("/api/runs/status/update", runId=run, status=status).status_code == 400
    assert api.details(run)["status"] == "RUNNING"


def test_a_resumed_run_is_running_and_its_config_merged(api: Api, project: str) -> None:
    """Name, tags and metadata of the second create are ignored; objects in the config merge deeply."""
    run = api.create(project, name="first", externalId="x", tags=["a"], config='{"o": {"a": 1, "b": [1]}, "k": 1}')
    api.post("/api/runs/status/update", runId=run, status="COMPLETED")
    answer = api.post(
        "/api/runs/create",
        runName="second",
        projectName=project,
        externalId="x",
        tags=["b"],
        config='{"o": {"b": [2], "c": 3}, "k": {"n": 1}}',
    ).json()
    assert (answer["runId"], answer["resumed"]) == (run, True)
    details = api.details(run)
    assert (details["status"], details["name"], details["tags"]) == ("RUNNING", "first", ["a"])
    assert details["config"] == {"o": {"a": 1, "b": [2], "c": 3}, "k": {"n": 1}}
    assert details["statusHistory"][-1]["source"] == "resume"
    assert api.post("/api/runs/resume", externalId="x", projectName=project).json()["runId"] == run


def test_the_same_external_id_in_another_project_is_another_run(api: Api, project: str) -> None:
    """External ids are unique per project."""
    assert api.create(project, externalId="x") != api.create(project + "-b", externalId="x")


def test_forks_follow_the_ancestor_that_holds_the_step(api: Api, project: str) -> None:
    """A step before the parent's own fork belongs to the grandparent; a step beyond the last one is refused."""
    root = api.create(project, config='{"a": {"x": 1}, "b": 1}', tags=["group:g1", "base"])
    api.metrics(root, "m", [float(step) for step in range(20)])
    child = api.create(
        project, forkRunId=root, forkStep=10, config='{"a": {"y": 2}}', inheritTags=True, tags=["group:g2"]
    )
    details = api.details(child)
    assert details["config"] == {"a": {"y": 2}, "b": 1}
    assert details["tags"] == ["base", "group:g2"]
    api.metrics(child, "m", [float(step) for step in range(20)])
    low = api.create(project, forkRunId=child, forkStep=5, inheritConfig=False)
    assert (api.details(low)["forkedFromRunId"], api.details(low)["config"]) == (root, None)
    assert api.details(api.create(project, forkRunId=child, forkStep=15))["forkedFromRunId"] == child
    beyond = api.post("/api/runs/create", runName="x", projectName=project, forkRunId=root, forkStep=21)
    assert beyond.status_code == 400
    elsewhere = api.post("/api/runs/create", runName="x", projectName=project + "-b", forkRunId=root, forkStep=1)
    assert elsewhere.status_code == 400


def test_heartbeats_tell_the_status(api: Api, project: str) -> None:
    """RUNNING while it runs, CANCELLED once it was cancelled."""
    run = api.create(project)
    assert api.post("/api/runs/trigger", runId=run).json() == {"status": "RUNNING", "triggers": None}
    api.post("/api/runs/status/update", runId=run, status="CANCELLED")
    assert api.post("/api/runs/trigger", runId=run).json() == {"status": "CANCELLED", "triggers": None}


def test_the_server_reaps_by_itself(tmp_path: Path) -> None:
    """A run whose heartbeat stops becomes FAILED; a beating one and one that never beat go on."""
    with running(tmp_path / "data", limits=Limits(reap_every=0.1, heartbeat=0.5)) as server:
        api = Api(server)
        silent, beating, young = (api.create("p") for _ in range(3))
        api.post("/api/runs/trigger", runId=silent)
        deadline = time.monotonic() + 10
        while api.details(silent)["status"] == "RUNNING" and time.monotonic() < deadline:
            api.post("/api/runs/trigger", runId=beating)
            time.sleep(0.05)
        assert [api.details(run)["status"] for run in (silent, beating, young)] == ["FAILED", "RUNNING", "RUNNING"]
        assert api.details(silent)["statusHistory"][-1]["source"] == "stale-monitor"
