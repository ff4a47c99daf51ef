"""What can be changed in a run that was read back."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import wandb
from tests.helpers.counting_proxy import Counter
from tests.process.api.conftest import Logged


def again(run: "wandb.apis.public.Run") -> "wandb.apis.public.Run":
    """Return a run as another process reads it."""
    return wandb.Api().run(f"{run.project}/{run.id}")


def test_update_sends_what_was_changed(api: wandb.Api, log: Logged) -> None:
    """Configuration, tags, group, job type, name, notes and summary are changed here and sent together."""
    run = log("one", config={"lr": 1, "deep": {"a": 1, "b": 2}, "wandb": {"summary": {"acc": 0.1, "old": 1}}})
    api._reader.wire.update_tags(run.number, ["group:g1", "job_type:j", "sweep:s", "a"])
    run.load(force=True)
    run.config["lr"] = 2
    run.config["deep"]["a"] = 3
    run.config["new"] = {"x": [1, 2]}
    run.tags.append("b")
    run.group = "g2"
    run.name = "another name"
    run.notes = "new notes"
    run.summary["acc"] = 0.9
    run.summary["per_class"] = {"cat": float("nan")}
    assert again(run).config["lr"] == 1  # nothing is sent before
    run.update()
    read = again(run)
    assert read.config == {"lr": 2, "deep": {"a": 3, "b": 2}, "new": {"x": [1, 2]}}
    assert (read.tags, read.group, read.job_type, read.sweep_name) == (["a", "b"], "g2", "j", "s")
    assert (read.name, read.notes) == ("another name", "new notes")
    assert read.summary_metrics == {"acc": 0.9, "old": 1, "per_class": {"cat": "NaN"}}
    assert [one.id for one in api.runs(run.project, {"group": "g2", "display_name": "another name"})] == ["one"]


def test_a_run_of_the_embedded_server_is_renamed_and_deleted(api: wandb.Api, log: Logged) -> None:
    """The server's own name changes, so its page and Pluto's clients see it; a deleted run is not found any more."""
    run = log("one")
    run.name = "another name"
    run.update()
    (listed,) = api._reader.list_runs(run.project)
    assert listed["name"] == "another name"
    with pytest.raises(wandb.CommError, match="still running"):
        run.delete()
    run.stop()
    run.delete()
    assert list(api.runs(run.project)) == []


def test_update_sends_nothing_that_was_not_changed(counted: tuple[wandb.Api, Counter], log: Logged) -> None:
    """A run that goes on is not overwritten with what was read of it before."""
    project = "test_update_sends_nothing_that_was_not_changed"
    log("one", config={"a": 1, "b": 1, "wandb": {"summary": {"x": 1}}})
    api, counter = counted
    run = api.run(f"{project}/one")
    assert run.summary["x"] == 1
    counter.paths()
    run.update()
    assert counter.paths() == []
    run.tags = ["t"]
    run.update()
    run.config["a"] = 2
    run.save()
    sent = [path.split("/", 3)[3] for path, _ in counter.asked if "/details/" not in path]
    assert sent == ["tags/update", "config/update"]
    counter.paths()
    run.update()
    assert counter.paths() == []


def test_a_run_of_a_list_is_changed_like_any_other(api: wandb.Api, log: Logged) -> None:
    """What is set in a run before its details are read is sent too."""
    run = log("one", config={"lr": 1})
    (listed,) = api.runs(run.project)
    listed.name = "named"
    listed.notes = "noted"
    listed.tags.append("t")
    listed.update()
    read = again(run)
    assert (read.name, read.notes, read.tags, read.config) == ("named", "noted", ["t"], {"lr": 1})


def test_the_summary_is_sent_by_its_own_update(log: Logged) -> None:
    """`summary.update` sends at once, `overwrite=False` leaves what is there, and a deleted key is gone."""
    run = log("one", config={"wandb": {"summary": {"a": 1, "b": 2, "deep": {"x": 1}}}})
    run.load(force=True)
    run.summary.update({"a": 5, "c": 3}, overwrite=False)
    assert again(run).summary_metrics == {"a": 1, "b": 2, "deep": {"x": 1}, "c": 3}
    run.summary.update({"a": 5})
    run.summary["deep"]["x"] = 7
    del run.summary["b"]
    run.summary.update()
    assert again(run).summary_metrics == {"a": 5, "deep": {"x": 7}, "c": 3}
    with pytest.raises(KeyError):
        del run.summary["b"]
    run.summary["b"] = 1
    run.update()
    assert again(run).summary["b"] == 1


def test_media_of_a_summary_survive_a_change(api: wandb.Api) -> None:
    """A summary that is read and sent back names the same files as before."""
    run = api.run("rich/rich1")
    before = run.summary["picture"]["path"]
    run.summary["picture"].update({"caption": "new caption"})
    run.summary.update()
    read = again(run)
    assert dict(read.summary["picture"].items())["caption"] == "new caption"
    assert read.summary["picture"]["path"] == before
    assert read.file(before).size > 0
    run.summary["picture"].update({"caption": "a picture"})
    run.summary.update()


def test_a_key_that_cannot_be_removed_is_said(log: Logged, capsys: pytest.CaptureFixture[str]) -> None:
    """Pluto keeps keys of a configuration: removing one causes an error."""
    run = log("one", config={"a": 1, "b": 2})
    run.load(force=True)
    del run.config["b"]
    run.update()
    assert "b cannot be removed" in capsys.readouterr().err
    assert again(run).config == {"a": 1, "b": 2}


def test_a_run_is_made_without_logging(api: wandb.Api) -> None:
    """`create_run` and `Run.create` make a run that `wandb.init` can go on with by its id."""
    made = api.create_run(run_id="made1", project="made", entity="team")
    assert (made.id, made.name, made.state, made.entity) == ("made1", "made1", "running", "team")
    other = wandb.apis.public.Run.create(api, project="made")
    assert {run.id for run in api.runs("made")} == {"made1", other.id}
    with pytest.raises(wandb.errors.UnsupportedError):
        wandb.apis.public.Run.create(api, project="made", state="pending")


def test_a_run_is_stopped(api: wandb.Api, tmp_path: Path) -> None:
    """`stop` ends the training process as Ctrl-C would; a run that is over stays as it is."""
    script = (
        "import time, wandb\n"
        "with wandb.init(project='stopped', id='stop1') as run:\n"
        "    while True:\n"
        "        run.log({'x': 1})\n"
        "        time.sleep(0.1)\n"
    )
    variables = {**os.environ, "WANDB_COMPAT_HEARTBEAT": "0.2", "DISABLE_WANDB_LOGGING": "true"}
    training = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, env=variables, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(ValueError):  # it is not there yet
            wandb.Api().run("stopped/stop1").stop()
            break
        time.sleep(0.2)
    _, output = training.communicate(timeout=60)
    assert training.returncode != 0 and b"cancelled on the Pluto server" in output
    over = api.run("grid/grid0")
    over.stop()
    assert again(over).state == "finished"


def test_a_history_is_exported(api: wandb.Api, tmp_path: Path) -> None:
    """One Parquet file with all rows, nested keys flat; of a run that goes on only where that is allowed."""
    run = api.run("rich/rich1")
    done = run.download_history_exports(tmp_path / "export")
    assert (done.errors, done.contains_live_data) == (None, False)
    (path,) = done.paths
    import pandas

    table = pandas.read_parquet(path)
    rows = list(run.scan_history())
    assert table["_step"].tolist() == [row["_step"] for row in rows]
    assert table["loss"].dropna().tolist() == [1 / (step + 1) for step in range(5)]
    assert table["nested.deep.x"].dropna().tolist() == [0, 2, 4, 6, 8]
    assert table["remark"].dropna().tolist() == [f"text {step}" for step in range(5)]
    live = api.create_run(project="exported")
    with pytest.raises(wandb.apis.public.IncompleteRunHistoryError, match="goes on"):
        live.download_history_exports(tmp_path)
    assert live.download_history_exports(tmp_path, require_complete_history=False).contains_live_data
