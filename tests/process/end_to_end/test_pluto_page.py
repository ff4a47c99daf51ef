"""What Pluto's own page reads of a run: each of its fields is there, in the form that the page expects."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import wandb
from tests.helpers import warm_python
from tests.helpers.server_state import Server
from wandb_compat.server.query.filters import flatten
from wandb_compat.server.serve import Running

SCRIPT = """
    import numpy, wandb

    wandb.init(id="all", name="every kind", notes="first notes", config={"lr": 0.1, "seed": 2**60 + 1}, tags=["t"])
    wandb.define_metric("val/*", summary="max")
    run, picture = wandb.run, numpy.zeros((4, 4, 3), numpy.uint8)
    for step in range(4):
        run.log({"loss": 1 / (step + 1), "val/acc": 1 - step, "text": f"t{step}", "ok": True, "deep": {"a": step}})
    run.log({"picture": wandb.Image(picture), "pictures": [wandb.Image(picture)] * 2, "hist": wandb.Histogram([1, 2])})
    run.log({"table": wandb.Table(["a", "image"], [[1, wandb.Image(picture)]]), "page": wandb.Html("<b>b</b>")})
    run.log({"sound": wandb.Audio(numpy.zeros(80), sample_rate=8000), "list": [1, 2, 3], "array": numpy.arange(99.0)})
    run.log({"chart": wandb.plot.line(wandb.Table(["x", "y"], [[0, 1]]), "x", "y"), "note": "long " * 100})
    run.summary["best"] = 0.75
    for name in ("data", "model"):
        artifact = wandb.Artifact(name, "kind")
        with artifact.new_file("readme.txt") as file:
            file.write(name)
        run.log_artifact(artifact).wait()
    run.use_artifact(artifact)
    run.finish()
"""


class Logged(NamedTuple):
    """The run of SCRIPT on the server."""

    server: Server
    project: str
    details: dict[str, Any]


@pytest.fixture(scope="module")
def logged(pluto_server: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logged]:
    """SCRIPT's run, made once."""
    home, server = tmp_path_factory.mktemp("page"), Server(pluto_server.url, pluto_server.key, delayed=True)
    run_script(SCRIPT, home, pluto_server, "pluto-page")
    number = server.ended("pluto-page")["id"]
    details = server.get_stored(f"/api/runs/details/{number}", projectName="pluto-page")
    yield Logged(server, "pluto-page", details)


def run_script(text: str, home: Path, server: Running, project: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a separate folder, with numpy loaded."""
    (home / "train.py").write_text(textwrap.dedent(text))
    environment = {
        **{"PATH": "/usr/bin:/bin", "HOME": str(home), "XDG_DATA_HOME": str(home), "PLUTO_DISABLE_TELEMETRY": "1"},
        **{"DISABLE_WANDB_LOGGING": "true", "WANDB_PROJECT": project, "WANDB_COMPAT_LINGER": "0"},
        **server.environment(),
        **more,
    }
    done = warm_python.run([sys.executable, "train.py"], cwd=home, env=environment, timeout=120, preload=("numpy",))
    assert done.returncode == int(more.get("EXPECTED", 0)), done.stderr
    return done


def test_the_config_of_the_user_has_room_among_the_newest_keys(logged: Logged) -> None:
    """The page offers the 100 newest keys of a project: our part has at most 12 of them, before the user's."""
    keys = list(flatten(logged.details["config"]))
    ours = [key for key in keys if key.startswith("wandb.")]
    assert len(ours) <= 12 and keys[: len(ours)] == ours, keys


def test_our_reader_gives_back_all_of_it(
    logged: Logged, monkeypatch: pytest.MonkeyPatch, pluto_server: Running
) -> None:
    """Config, summary and artifacts of the same run, whatever their form on the server."""
    for name, value in pluto_server.environment().items():
        monkeypatch.setenv(name, value)
    run = wandb.Api().run(f"{logged.project}/all")
    summary = run.summary_metrics
    assert run.config == {"lr": 0.1, "seed": 2**60 + 1}
    assert (summary["loss"], summary["val/acc"], summary["best"], summary["ok"]) == (0.25, {"max": 1}, 0.75, True)
    assert (summary["text"], summary["note"], summary["deep"], summary["_step"]) == ("t3", "long " * 100, {"a": 3}, 7)
    assert {summary[key]["_type"] for key in ("picture", "hist", "table")} == {"image-file", "histogram", "table-file"}
    assert sorted(one.name for one in run.logged_artifacts()) == ["data:v0", "model:v0"]
    assert [one.name for one in run.used_artifacts()] == ["model:v0"]
    runs = wandb.Api().runs
    for condition in ({"loss": {"$lt": 0.3}}, {"best": 0.75}, {"val/acc.max": {"$gt": 0.5}}, {"text": "t3"}):
        filters = {f"summary_metrics.{key}": value for key, value in condition.items()}
        assert [one.id for one in runs(logged.project, filters)] == ["all"], condition
        orders = [[one.id for one in runs(logged.project, order=f"{sign}{key}")] for key in filters for sign in "+-"]
        assert orders == [["all"], ["all"]]
    assert not list(runs(logged.project, {"summary_metrics.loss": {"$gt": 0.3}}))
