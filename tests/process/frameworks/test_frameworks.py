"""What a framework's own wandb integration records arrives in Pluto, in dual mode and without wandb.

The quick rows are run always; `make frameworks` runs all.
"""

import os
import re
from pathlib import Path

import pytest

from tests.helpers.frameworks.play import Play, disturbed, environment, findings, missing, play, things, version
from tests.helpers.frameworks.results import note
from tests.helpers.frameworks.table import FRAMEWORKS, QUICK, Framework
from tests.helpers.server_state import Server
from wandb_compat.server.serve import Running

ALL = os.environ.get("WANDB_COMPAT_FRAMEWORKS") == "all"
CASES = [one for one in FRAMEWORKS if ALL or one.script in QUICK]


@pytest.mark.parametrize("framework", CASES, ids=lambda one: one.script)
def test_arrives_as_wandb_records(
    framework: Framework, wheel: Path, tmp_path: Path, pluto_server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys, steps, values, config, summary, tags and artifacts are in Pluto as the real wandb alone records them."""
    server = pluto_server.environment()
    plays = {
        setting: play(framework, setting, wheel, tmp_path / "work", server)
        for setting in ("alone", *framework.settings)
    }
    truth = [findings(run) for run in plays["alone"].runs]
    assert len(truth) == framework.runs, plays["alone"].output
    seen = set().union(*map(things, truth))
    lacking = [one for one in framework.expected if not any(re.fullmatch(one, thing) for thing in seen)]
    assert not lacking, f"wandb itself has not recorded {lacking}, only {sorted(seen)}"
    for variable, value in server.items():
        monkeypatch.setenv(variable, value)
    found: dict[str, list[str]] = {}
    for setting in framework.settings:
        found[setting] = _differences(plays["alone"], plays[setting], pluto_server)
    if ALL:
        made = environment(framework.group, "pluto", wheel)
        note(framework, version(made, framework.distribution) if framework.distribution else "", found)
    assert not any(found.values()), "\n".join(
        f"{setting}: {line}" for setting, lines in found.items() for line in lines
    )


def _differences(alone: Play, other: Play, server: Running) -> list[str]:
    framework = alone.framework
    truth = [(run, findings(run)) for run in alone.runs]
    found = []
    if other.setting == "dual":
        assert len(other.runs) == len(truth), other.output
        for (_, before), run in zip(truth, other.runs, strict=True):
            found += disturbed(before, findings(run), framework.loose)
            found += missing(run, other.project, findings(run).id, "")
        return found
    ids = arrived(server, other.project)
    assert len(ids) == len(truth), other.output
    for (run, _), run_id in zip(truth, ids, strict=True):
        found += missing(run, other.project, run_id, framework.loose, framework.beyond)
    return found


def arrived(server: Running, project: str) -> list[str]:
    """Return the wandb ids of a project's runs on the server, in the order in which they began."""
    asked = Server(server.url, server.key)
    numbers = sorted(int(run["id"]) for run in asked.get("/api/runs/list", projectName=project)["runs"])
    return [str(asked.get(f"/api/runs/details/{one}", projectName=project)["externalId"]) for one in numbers]
