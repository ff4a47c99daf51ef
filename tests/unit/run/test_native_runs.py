"""A run from `init` to `finish`: its name, its directory, what it sends, and how it ends."""

import copy
import os
import pickle
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import wandb
from wandb_compat.config.credentials import HINT

Read = Callable[[Any], Any]


def test_the_first_record_tells_everything_that_creation_needs(read: Read) -> None:
    """Project, id, name, config, tags with group, job type and sweep, notes, entity and metadata."""
    run = wandb.init(
        entity="team",
        project="demo",
        id="abc",
        name="first",
        notes="a note",
        tags=["x", "y"],
        config={"lr": 0.1},
        group="g",
        job_type="train",
        mode="offline",
        settings={"sweep_id": "s1", "x_disable_stats": True},
    )
    run.finish()
    start = read(run).one("start")
    assert (start["project"], start["id"], start["name"], start["entity"]) == ("demo", "abc", "first", "team")
    assert start["tags"] == ["group:g", "job_type:train", "sweep:s1", "x", "y"]
    assert start["config"] == {
        "lr": 0.1,
        "wandb": {"notes": "a note", "entity": "team", "sweep": {"id": "s1"}},
    }
    assert start["system_metrics"] is False and start["target"] is None
    assert start["metadata"]["executable"] and "environ" not in str(start["metadata"]).lower()
    assert abs(start["time"] - run.start_time * 1000) < 1000


def test_properties_say_what_the_run_is(tmp_path: Path) -> None:
    """Every property of wandb's run has its type and its value."""
    run = wandb.init(project="p", id="abcd1234", name="n", mode="offline")
    assert (run.id, run.name, run.project, run.entity, run.group, run.job_type) == ("abcd1234", "n", "p", "", "", "")
    assert (run.tags, run.notes, run.path, run.step, run.starting_step) == ((), None, "p/abcd1234", 0, 0)
    assert (run.url, run.project_url, run.sweep_id, run.sweep_url) == (None, None, None, None)
    assert (run.resumed, run.offline, run.disabled, run.mode) == (False, True, False, "dryrun")
    assert isinstance(run.start_time, float) and run.settings.mode == "offline"
    assert Path(run.dir) == Path(run.sync_dir, "files") and Path(run.dir).is_dir()
    assert Path(run.sync_dir).parent == tmp_path / "wandb"
    assert bool(run) and not hasattr(run, "history") and not run._is_finished and run._settings.model() == run.settings
    assert (run.get_url(), run.get_project_url(), run.get_sweep_url(), run.project_name()) == (None, None, None, "p")
    assert run.save() is True and wandb.save() is True and run._label(code="x") is None and run._label(repo="x") is None
    for name in ("id", "group", "config", "url", "project"):
        with pytest.raises(AttributeError):
            setattr(run, name, "other")
    with pytest.raises(AttributeError, match="Attribute foo is not supported on Run object"):
        run.foo = 1


def test_a_name_and_an_id_are_made_when_none_is_given() -> None:
    """Two runs never share an id; the name is an adjective, a noun and a number."""
    one, other = (wandb.init(mode="offline", reinit="create_new") for _ in range(2))
    assert re.fullmatch(r"[a-z]+-[a-z]+-\d+", one.name)
    assert re.fullmatch(r"[a-z0-9]{8}", one.id) and one.id != other.id
    assert one.project == "uncategorized"


def test_name_notes_and_tags_can_be_changed(read: Read) -> None:
    """Each change is sent; one text is one tag; group and job type stay among the tags sent."""
    run = wandb.init(mode="offline", tags="first", group="g")
    assert run.tags == ("first",)
    run.tags += ("second",)
    run.tags = "only"
    run.name = "better"
    run.notes = "longer"
    assert (run.tags, run.name, run.notes) == (("only",), "better", "longer")
    run.finish()
    assert [document["tags"] for document in read(run).all("tags")] == [
        ["group:g", "first", "second"],
        ["group:g", "only"],
    ]
    about = read(run).about()
    assert (about["name"], about["notes"]) == ("better", "longer")


def test_too_many_tags_are_cut_and_said_once(read: Read, capsys: pytest.CaptureFixture[str]) -> None:
    """Pluto stores 50: group and job type first, then the first of the others."""
    run = wandb.init(mode="offline", group="g", tags=[f"t{i}" for i in range(60)] + ["t0"])
    run.tags = run.tags
    run.finish()
    assert read(run).one("start")["tags"] == ["group:g", *(f"t{i}" for i in range(49))]
    assert len(run.tags) == 61
    assert capsys.readouterr().err.count("Pluto stores 50") == 1


def test_the_group_wins_over_tags_that_look_like_one(read: Read, capsys: pytest.CaptureFixture[str]) -> None:
    """Pluto stores one tag `group:`; without a group of the run it is the script's."""
    run = wandb.init(mode="offline", group="exp", tags=["group:x", "a", "group:exp"])
    run.finish()
    assert read(run).one("start")["tags"] == ["group:exp", "a"]
    assert "group:x is left out" in capsys.readouterr().err
    run = wandb.init(mode="offline", tags=["group:x", "a"])
    run.finish()
    assert read(run).one("start")["tags"] == ["group:x", "a"]


def test_a_long_name_is_cut_for_the_server_and_kept_in_full(read: Read, capsys: pytest.CaptureFixture[str]) -> None:
    """255 characters reach the server; the whole name is in `config["wandb"]["name"]`."""
    run = wandb.init(mode="offline", name="x" * 300, config={"wandb": {"mine": 1}})
    run.finish()
    start = read(run).one("start")
    assert len(start["name"]) == 255
    assert start["config"]["wandb"] == {"mine": 1, "name": "x" * 300}
    assert run.name == "x" * 300
    assert capsys.readouterr().err.count("it is cut there") == 1


@pytest.mark.parametrize("id_", ["12345678", "ABC-1", "pluto-17", "0"])
def test_an_id_is_an_external_id_whatever_it_looks_like(id_: str, read: Read) -> None:
    """All digits or the form of a display id never become a target on the server; PLUTO_RUN_ID alone does."""
    run = wandb.init(mode="offline", id=id_)
    run.finish()
    assert (read(run).one("start")["id"], read(run).one("start")["target"]) == (id_, None)


def test_pluto_variables_win(read: Read, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """PLUTO_PROJECT, PLUTO_RUN_ID, PLUTO_MODE and PLUTO_DIR reach the run."""
    monkeypatch.setenv("PLUTO_PROJECT", "group/of/projects")
    monkeypatch.setenv("PLUTO_RUN_ID", "ABC-1")
    monkeypatch.setenv("PLUTO_MODE", "offline")
    monkeypatch.setenv("PLUTO_DIR", str(tmp_path / "runs"))
    run = wandb.init(project="p", mode="online")
    assert run.offline and run.project == "group/of/projects"
    assert Path(run.sync_dir).parent == tmp_path / "runs" / "wandb"
    run.finish()
    start = read(run).one("start")
    assert (start["project"], start["target"]) == ("group/of/projects", "ABC-1")


# On disk


def test_the_folder_is_laid_out_as_wandb_does(tmp_path: Path) -> None:
    """`latest-run/run-*` matches exactly one file, whose name gives the id; files, logs and tmp exist."""
    run = wandb.init(mode="offline", dir=tmp_path / "new" / "root", id="abc")
    home = Path(run.sync_dir)
    assert re.fullmatch(r"offline-run-\d{8}_\d{6}-abc", home.name)
    assert {"files", "logs", "tmp", "run-abc.wandb"} <= {path.name for path in home.iterdir()}
    latest = tmp_path / "new" / "root" / "wandb" / "latest-run"
    assert latest.is_symlink() and latest.resolve() == home.resolve()
    run.log({"loss": 1})
    run.finish()
    assert [path.name for path in latest.glob("run-*")] == ["run-abc.wandb"]
    assert {"config.yaml", "wandb-summary.json", "wandb-metadata.json"} <= {p.name for p in Path(run.dir).iterdir()}


def test_two_runs_of_one_id_in_one_second_get_two_folders() -> None:
    """Nothing of the first is overwritten."""
    homes = set()
    for _ in range(3):
        with wandb.init(mode="offline", id="same") as run:
            homes.add(run.sync_dir)
    assert len(homes) == 3


def test_a_folder_that_cannot_be_written_is_replaced_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    """The run goes to the folder for temporary files."""
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    run = wandb.init(mode="offline", dir=tmp_path / "file")
    run.log({"a": 1})
    run.finish()
    assert Path(run.sync_dir).is_relative_to(tmp_path / "temporary")
    assert "cannot be written" in capsys.readouterr().err
    assert read(run).rows() == [(0, {"a": 1})]


def test_a_run_goes_on_where_the_last_one_of_its_id_ended() -> None:
    """With `resume` the first step follows the last one that this folder knows."""
    with wandb.init(mode="offline", id="abc") as run:
        run.log({"a": 1}, step=41)
    with wandb.init(mode="offline", id="abc", resume="allow") as run:
        assert (run.starting_step, run.step) == (42, 42)
    with wandb.init(mode="offline", id="abc") as run:
        assert run.starting_step == 0


def test_auto_resume_remembers_the_id_of_a_run_that_failed() -> None:
    """`resume="auto"` (also True) takes up the last run until one has ended well."""
    run = wandb.init(mode="offline", resume="auto")
    first = run.id
    run.finish(exit_code=1)
    run = wandb.init(mode="offline", resume=True)
    assert run.id == first
    run.finish()
    assert wandb.init(mode="offline", resume="auto").id != first


# Modes


@pytest.mark.parametrize("mode", ["offline", "dryrun"])
def test_offline_modes_keep_the_run_in_its_folder(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`dryrun` is the old name of `offline`; argument and variable mean the same."""
    monkeypatch.setenv("WANDB_MODE", mode)
    assert wandb.init().offline
    wandb.finish()
    monkeypatch.delenv("WANDB_MODE")
    assert wandb.init(mode=mode).offline


def test_a_disabled_run_takes_every_call_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a `wandb.Run`, has a summary and a config, and makes no file."""
    monkeypatch.setenv("WANDB_MODE", "disabled")
    run = wandb.init(id="abc", name="n", project="p", group="g", tags=["t"], config={"a": 1})
    assert isinstance(run, wandb.Run) and run is wandb.run and run.disabled and not run.offline
    assert (run.id, run.name, run.project, run.entity, run.group, run.tags) == ("abc", "n", "p", "dummy", "g", ("t",))
    assert (run.url, run.path, run.step) == (None, "dummy/p/abc", 0)
    assert wandb.log({"x": 1, "n": {"m": 2}}, step=3, commit=False) is None
    assert (run.summary["x"], run.summary.missing, dict(run.summary)) == (1, None, {"x": 1, "n": {"m": 2}})
    assert run.config.a == 1
    run.config.update({"b": 2})
    run.name = "other"
    run.tags += ("u",)
    assert [run.watch(None), run.alert("t", "x"), run.use_artifact("a"), run.log_code(), run.mark_preempting()] == [
        None
    ] * 5
    assert run.log_artifact("a").wait().version is not None and run.define_metric("*") is not None
    assert run.save("*.pt") is False
    with pytest.raises(TypeError):
        run.log(5)
    run.finish()
    assert wandb.run is None and run.log({"x": 1}) is None
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_a_disabled_run_stays_disabled_whatever_pluto_mode_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """PLUTO_MODE chooses between online and offline; a script that wants nothing logged gets that."""
    monkeypatch.setenv("PLUTO_MODE", "online")
    assert wandb.init(mode="disabled").disabled
    wandb.finish()
    monkeypatch.setenv("PLUTO_MODE", "disabled")
    assert wandb.init(mode="offline").disabled


def test_without_a_key_the_run_is_kept_and_one_hint_is_given(read: Read, capsys: pytest.CaptureFixture[str]) -> None:
    """The run works fully, and one hint how to log in is printed for any number of runs."""
    for _ in range(2):
        with wandb.init() as run:
            run.log({"a": 1})
        assert read(run).rows() == [(0, {"a": 1})]
    assert capsys.readouterr().err.count(HINT) == 1
    with pytest.raises(wandb.UsageError, match="No Pluto key"):
        wandb.init(force=True)


def test_silent_says_nothing_and_quiet_only_warnings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """WANDB_SILENT and WANDB_QUIET hold for everything that a run prints."""
    monkeypatch.setenv("WANDB_SILENT", "true")
    wandb.init().finish()
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("WANDB_SILENT", "false")
    monkeypatch.setenv("WANDB_QUIET", "true")
    wandb.init(mode="offline").finish()
    assert capsys.readouterr() == ("", "")
    wandb.termwarn("careful")
    wandb.termlog("news")
    assert capsys.readouterr() == ("", "wandb: WARNING careful\n")


def test_terminal_messages_have_a_prefix_and_can_be_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """`termlog`, `termwarn` and `termerror` print to stderr as wandb's do."""
    wandb.termlog("one\ntwo")
    wandb.termerror("bad", newline=False)
    for _ in range(2):
        wandb.termlog("once", repeat=False, prefix=False)
    assert capsys.readouterr().err == "wandb: one\nwandb: two\nwandb: ERROR badonce\n"


# Several runs


def test_a_second_init_returns_the_running_run() -> None:
    """The default, `return_previous` and False; resume="must" cannot be served so."""
    run = wandb.init(mode="offline")
    assert wandb.init(project="other", mode="offline") is run
    assert wandb.init(reinit=False, mode="offline") is run
    assert wandb.init(reinit="return_previous", mode="offline") is run
    with pytest.raises(wandb.Error, match="another run is active"):
        wandb.init(resume="must", mode="offline")


@pytest.mark.parametrize("reinit", [True, "finish_previous"])
def test_reinit_finishes_the_running_run(reinit: Any) -> None:
    """The new run takes its place."""
    run = wandb.init(mode="offline")
    other = wandb.init(mode="offline", reinit=reinit)
    assert run._is_finished and wandb.run is other is not run


def test_create_new_leaves_the_running_run_in_its_place(read: Read) -> None:
    """Both runs log, each its own; `wandb.run` stays the first."""
    run = wandb.init(mode="offline")
    other = wandb.init(mode="offline", reinit="create_new")
    assert wandb.run is run
    run.log({"a": 1})
    other.log({"b": 2})
    other.finish()
    assert wandb.run is run
    run.finish()
    assert (read(run).rows(), read(other).rows()) == ([(0, {"a": 1})], [(0, {"b": 2})])


def test_after_finish_the_module_is_as_before_init() -> None:
    """`wandb.run` is None, `wandb.log` raises, the run refuses calls in wandb's words, and finishing twice is fine."""
    run = wandb.init(mode="offline", id="abc")
    assert wandb.run is run and wandb.log == run.log and wandb.config is run.config and wandb.summary is run.summary
    wandb.finish(exit_code=0, quiet=True)
    assert wandb.run is None and run.id == "abc" and run.url is None
    with pytest.raises(wandb.Error, match=r"You must call wandb\.init"):
        wandb.log({})
    with pytest.raises(wandb.UsageError, match=r"Run \(abc\) is finished\. The call to `log` will be ignored"):
        run.log({})
    run.finish()
    wandb.join()


def test_a_run_copies_and_pickles_to_itself() -> None:
    """deepcopy of an object that holds a run, and pickling within the process, give the same run."""
    run = wandb.init(mode="offline")
    assert copy.deepcopy({"run": run})["run"] is run
    assert pickle.loads(pickle.dumps(run)) is run
    assert wandb.attach(run._attach_id) is run and wandb._attach(run=run) is run
    with pytest.raises(wandb.UsageError, match="of another process"):
        wandb.attach("of another process")
    with pytest.raises(wandb.UsageError):
        wandb.attach()


def test_an_unknown_argument_is_a_type_error() -> None:
    """As with wandb; arguments of older versions are known."""
    with pytest.raises(TypeError, match="unexpected keyword argument 'unknown'"):
        wandb.init(unknown=1)  # type: ignore[call-arg]
    wandb.init(mode="offline", magic=None, tensorboard=False, anonymous="allow", save_code=False, monitor_gym=False)


def test_what_init_cannot_do_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """`magic=True` is not passed over in silence."""
    wandb.init(mode="offline", magic=True)
    assert "wandb.init(magic=...) has no counterpart" in capsys.readouterr().err


# The end


@pytest.mark.parametrize(
    ("code", "state"), [(None, "completed"), (0, "completed"), (1, "failed"), (-1, "failed"), (255, "terminated")]
)
def test_the_exit_code_decides_the_state(code: int | None, state: str, read: Read) -> None:
    """0 is success, 255 an interruption as Ctrl-C, everything else a failure."""
    run = wandb.init(mode="offline")
    run.finish(exit_code=code)
    assert read(run).one("exit")["state"] == state


def test_an_exit_that_was_caught_before_the_run_began_is_not_its_own(read: Read) -> None:
    """A `sys.exit` that a script catches decides the state of the run that was active, and of no later one."""
    for state in ("failed", "completed"):
        run = wandb.init(mode="offline")
        if state == "failed":
            with pytest.raises(SystemExit):
                sys.exit(3)
        run.finish()
        assert read(run).one("exit")["state"] == state


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (None, "completed", 0),
        (RuntimeError("x"), "failed", 1),
        (KeyboardInterrupt(), "terminated", 255),
        (SystemExit(0), "completed", 0),
        (SystemExit(3), "failed", 3),
        (SystemExit("no"), "failed", 1),
    ],
)
def test_a_with_block_ends_the_run_as_it_ends(error: BaseException | None, state: str, code: int, read: Read) -> None:
    """An exception that leaves the block fails the run and goes on its way."""
    try:
        with wandb.init(mode="offline") as run:
            if error is not None:
                raise error
    except BaseException as raised:
        assert raised is error
    assert (read(run).one("exit")["state"], read(run).one("exit")["code"]) == (state, code)
    assert wandb.run is None


def test_threads_log_into_one_run(read: Read) -> None:
    """Every row of every thread arrives, each at its own step."""
    run = wandb.init(mode="offline")
    threads = [threading.Thread(target=lambda: [run.log({"a": i}) for i in range(100)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.finish()
    assert sorted(step for step, _ in read(run).rows()) == list(range(400))


# Odd values


def test_odd_values_and_keys_are_logged_without_harm(read: Read) -> None:
    """NaN, infinities, huge numbers and texts, long keys and line breaks: the row's other values arrive."""
    run = wandb.init(mode="offline")
    run.log({"nan": float("nan"), "inf": float("inf"), "ok": 1})
    run.log({"text": "x" * 10_000_000, "ok": 2})
    run.log({"k" * 5000: 1, "line\nbreak": 2, "ok": 3})
    run.log({"flag": True, "ok": 4})
    run.log({"flag": 0.5, "ok": 5, "none": None})
    run.finish()
    rows = read(run).rows()
    assert [row["ok"] for _, row in rows] == [1, 2, 3, 4, 5]
    assert [row["flag"] for _, row in rows if "flag" in row] == [1, 0.5]
    assert run.summary["text"] == "x" * 10_000_000


# The key


def test_login_takes_a_pluto_key_for_this_process_and_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is stored as `pluto login` stores it, and `wandb.api.api_key` knows it."""
    assert wandb.api.api_key is None and wandb.ensure_configured() is None
    assert wandb.login() is False
    assert wandb.login(key="mlpi_0123456789abcdef", relogin=True) is True
    assert wandb.api.api_key == "mlpi_0123456789abcdef" and wandb.login() is True
    wandb.sdk.wandb_login._session.clear()
    assert wandb.api.api_key == "mlpi_0123456789abcdef"


def test_a_wandb_key_beside_a_pluto_key_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that signs in with its old key gets True where it can log, and False where it cannot."""
    assert wandb.login(key="0123456789abcdef0123456789abcdef01234567") is False
    monkeypatch.setenv("PLUTO_API_KEY", "mlpi_0123456789abcdef")
    assert wandb.login(key="0123456789abcdef0123456789abcdef01234567") is True


def test_only_a_person_at_a_terminal_is_asked_for_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal nothing waits for input; at one, a key is asked for unless there is one or `prompt=False`."""
    asked: list[str] = []
    monkeypatch.setattr("wandb.sdk.wandb_login.terminput", lambda question: "2")
    monkeypatch.setattr("getpass.getpass", lambda prompt: asked.append(prompt) or "mlpi_0123456789abcdef")
    assert wandb.login(relogin=True) is False and not asked
    monkeypatch.setattr("wandb.sdk.wandb_login._at_terminal", lambda: True)
    assert wandb.login(prompt=False) is False and not asked
    assert wandb.login() is True and len(asked) == 1
    assert wandb.login() is True and len(asked) == 1
    assert wandb.login(relogin=True) is True and len(asked) == 2


def test_login_refuses_a_key_of_wandb(capsys: pytest.CaptureFixture[str]) -> None:
    """It is never sent to Pluto; the result is False, and a script goes on."""
    assert wandb.login(key="a" * 40) is False
    output = capsys.readouterr().err
    assert "not a Pluto key" in output and "a" * 40 not in output
    with pytest.raises(wandb.UsageError, match="No Pluto key"):
        wandb.login(force=True)


def test_login_works_where_nothing_can_be_stored(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The key is then used by this process, and a message says so."""
    monkeypatch.setattr(
        "wandb_compat.config.credentials.store", lambda key: (_ for _ in ()).throw(OSError("read-only"))
    )
    assert wandb.login(key="mlpi_0123456789abcdef") is True
    assert wandb.api.api_key == "mlpi_0123456789abcdef"
    assert "is used by this process only" in capsys.readouterr().err


def test_the_commit_is_told_and_the_password_of_the_remote_is_not(tmp_path: Path, read: Read) -> None:
    """Remote and commit are read from the repository's files, with loose and with packed references."""
    git = tmp_path / ".git"
    git.mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "config").write_text('[remote "origin"]\n\turl = https://me:topsecret@host/x.git\n')
    (git / "packed-refs").write_text("# pack-refs\nabc123 refs/heads/main\n")
    with wandb.init(mode="offline") as run:
        assert read(run).one("start")["metadata"]["git"] == {"remote": "https://host/x.git", "commit": "abc123"}
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "refs" / "heads" / "main").write_text("def456\n")
    with wandb.init(mode="offline") as run:
        assert read(run).one("start")["metadata"]["git"]["commit"] == "def456"
    with wandb.init(mode="offline", settings={"disable_git": True}) as run:
        assert "git" not in read(run).one("start")["metadata"]
    with wandb.init(mode="offline", settings={"x_disable_meta": True}) as run:
        assert read(run).one("start")["metadata"] == {"wandb_run_id": run.id}


def test_no_record_holds_the_environment(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret in a variable is in no record and in no file of the run."""
    monkeypatch.setenv("WANDB_API_KEY", "topsecretwandbkey")
    monkeypatch.setenv("MY_TOKEN", "topsecrettoken")
    with wandb.init(mode="offline") as run:
        run.log({"a": 1})
    for file in Path(run.sync_dir).rglob("*"):
        assert not file.is_file() or b"topsecret" not in file.read_bytes()
    assert os.environ["MY_TOKEN"]


def test_a_run_shows_itself(read) -> None:
    """Outside of a notebook `display` shows nothing and says so; without a page `to_html` is a line of text."""
    run = wandb.init(mode="offline", config={"lr": 1})
    assert run.display() is False
    assert run.to_html() and "<iframe" not in run.to_html()
    status = run.status()
    assert (status.sync_items_total, status.sync_items_pending) == (0, 0)
    run.pin_config_keys(["lr"])
    run.pin_config_keys(["lr", "model.depth"])
    run.finish()
    assert read(run).about()["pinned_config_keys"] == ["lr", "model.depth"]


def test_the_id_of_an_active_run_is_refused() -> None:
    """Two runs of one id would write the same steps of one run on the server."""
    first = wandb.init(mode="offline", id="same", reinit="create_new")
    with pytest.raises(wandb.UsageError, match="run ID same is in use"):
        wandb.init(mode="offline", id="same", reinit="create_new")
    first.finish()
    wandb.init(mode="offline", id="same", reinit="create_new").finish()


def test_an_absolute_glob_keeps_the_last_folder(tmp_path: Path) -> None:
    """Whatever a wildcard further up matches, a file is saved as FOLDER/NAME; the start time is that of the run."""
    file = tmp_path / "data" / "x" / "sub" / "t.txt"
    file.parent.mkdir(parents=True)
    file.write_text("t")
    with wandb.init(mode="offline") as run:
        saved = run.save(str(tmp_path / "data" / "*" / "sub" / "*.txt"))
        assert saved == [str(Path(run.dir, "sub", "t.txt"))]
        assert run._start_time == run.start_time
