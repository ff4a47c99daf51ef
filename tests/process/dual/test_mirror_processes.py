"""Several processes and several runs: what each of them logs is mirrored once, and the runs look like wandb's own."""

import pytest

from tests.process.dual.conftest import Stage
from wandb_compat.dual.supported_versions import TESTED

OLDEST_AND_NEWEST = TESTED[:: len(TESTED) - 1]

SPAWN = """
    import multiprocessing, sys
    import wandb

    def given(run):
        run.log({"given": 1})
        run.log({"given": 2})
        run.config["later"] = 1
        assert type(run).__name__ == "Run" and isinstance(run, wandb.sdk.wandb_run.Run)

    def attached(number):
        run = wandb._attach(number)
        wandb.log({"attached": 5}) if wandb.run is run else run.log({"attached": 5})

    if __name__ == "__main__":
        run = wandb.init()
        run.log({"parent": 1})
        context = multiprocessing.get_context("spawn")
        for target, argument in ((given, run), (attached, run._attach_id)):
            process = context.Process(target=target, args=(argument,))
            process.start()
            process.join()
            assert process.exitcode == 0
        run.log({"parent": 2}, step=10)
"""


@pytest.mark.parametrize("version", OLDEST_AND_NEWEST)
def test_spawn(stage: Stage) -> None:
    """What spawned processes log to their parent's run reaches it at wandb's steps, and they do not end it."""
    done = stage.run(SPAWN)
    assert done.stderr.count("Pluto run") == 1
    rows = stage.recorded()
    for name in ("given", "attached", "parent"):
        assert stage.arrived(name) == {row["_step"]: row[name] for row in rows if name in row} != {}, name
    run = stage.server.run(stage.project)
    assert run["config"]["later"] == 1 and run["status"] == "COMPLETED"


LOOKS = """
    import pickle, warnings
    import wandb
    def looks(run):
        real = wandb.sdk.wandb_run.Run
        again = pickle.dumps(run), pickle.dumps(run, 2)
        return [
            type(run).__name__, type(run).__module__, type(run).__qualname__, repr(type(run)),
            isinstance(run, getattr(wandb, "Run", real)), isinstance(run, real),
            wandb.run is run, [b"mirror" in text for text in again], real.__name__ in repr(run),
            sorted(name for name in dir(run) if "compat" not in name), run.__doc__ == real.__doc__,
            [getattr(type(run), name).__doc__ == getattr(real, name).__doc__ for name in ("log", "alert", "name")],
            hash(run) == hash(run), run == run, bool(run), run.disabled, getattr(wandb.log, "__self__", None) is run,
            wandb.log.__name__, wandb.alert.__name__, wandb.config is run.config, wandb.summary is run.summary,
        ]
    class Mine(wandb.sdk.wandb_run.Run):
        pass
    for number in range(2):
        run = wandb.init(id=f"r{number}", reinit=True)
        print(looks(run))
        print(isinstance(run, Mine), issubclass(type(run), wandb.sdk.wandb_run.Run))
        run.log({"a": number})
        for wrong in (lambda: run.log([1]), lambda: run.log({1: 2}), lambda: setattr(run, "no_such", 1),
                      lambda: run.alert("t", "x", level="LOUD"), lambda: run.define_metric("a*b"),
                      lambda: run.use_artifact("a:v0"), lambda: run.log_artifact("nowhere"),
                      lambda: run.save("x", policy="no")):
            try:
                print(wrong())
            except Exception as error:
                print(type(error).__name__, error)
        run.finish()
        for late in (lambda: run.log({"a": 1}), lambda: run.alert("t", "x"), lambda: run.config.update({"b": 1})):
            try:
                print(late())
            except Exception as error:
                print(type(error).__name__, str(error)[:60])
    with wandb.init(mode="disabled") as run:
        print(looks(run)[:9], run.log({"a": 1}), run.alert("a", "b"))
"""


@pytest.mark.parametrize("version", OLDEST_AND_NEWEST)
def test_looks(stage: Stage) -> None:
    """A mirrored run looks, pickles, refuses and is found like one that is not; so does a disabled one."""
    alone = stage.run(LOOKS, PLUTO_API_KEY="")
    stage.folder = stage.folder.with_name("mirrored")
    mirrored = stage.run(LOOKS)
    footer = "wandb\033[0m:"  # of 0.18, with the time
    seen, findings = ([one for one in done.stdout.splitlines() if footer not in one] for done in (alone, mirrored))
    assert findings == seen
    assert len(seen) == 2 * (2 + 8 + 3) + 1


REINIT = """
    import wandb
    one = wandb.init(id="one", reinit="create_new")
    same = wandb.init(id="two", reinit="create_new")
    one.log({"one": 1})
    same.log({"two": 1})
    again = wandb.init(reinit="return_previous")
    assert again in (one, same)
    again.log({"again": 1})
    last = wandb.init(id="three", reinit="finish_previous")
    last.log({"three": 1})
    assert one._is_finished and same._is_finished and wandb.run is last
"""


def test_reinit(stage: Stage) -> None:
    """Each form of `reinit` makes as many runs in Pluto as in wandb, each ended once."""
    done = stage.run(REINIT)
    runs = stage.server.get("/api/runs/list", projectName=stage.project)["runs"]
    assert len(runs) == 3 and {run["status"] for run in runs} == {"COMPLETED"}
    names = {
        frozenset(
            key["logName"]
            for key in stage.server.get(f"/api/runs/details/{run['id']}", projectName=stage.project)["logNames"]
            if key["logType"] == "METRIC" and not key["logName"].startswith("sys/")
        )
        for run in runs
    }
    assert {"one", "two", "three"} == {min(found - {"again"}) for found in names}
    assert sum("again" in found for found in names) == 1
    assert done.stderr.count("Pluto run ") == 3


IDENTITY = """
    import sys
    import wandb
    before = wandb.init, wandb.sdk.wandb_run.Run
    run = wandb.init()
    real = sys.modules["_wandb_real"]
    print(type(run) is wandb.sdk.wandb_run.Run, wandb.log is real.log, wandb.log.__func__ is before[1].log)
    print(type(run)._partial_history_callback.__module__, any("compat" in name for name in vars(run)))
    print([name for name in sys.modules if name.startswith(("wandb_compat.dual.run", "wandb_compat.pipeline"))])
    run.log({"a": 1})
"""


def test_without_credentials(stage: Stage) -> None:
    """Without a key for Pluto the run is the real one, `wandb.log` its very method, and all we do is give one hint."""
    done = stage.run(IDENTITY, PLUTO_API_KEY="")
    assert done.stdout.splitlines()[:3] == ["True True True", "wandb.sdk.wandb_run False", "[]"]
    assert len([line for line in done.stderr.splitlines() if "Pluto" in line]) == 1
    assert not list(stage.folder.rglob("*.journal")) and not list(stage.folder.glob("wandb/*/pluto"))
    silent = stage.run(IDENTITY, PLUTO_API_KEY="", WANDB_SILENT="true")
    assert "Pluto" not in silent.stderr


FORK_AND_RESUME = """
    import wandb
    with wandb.init(id="base", config={"lr": 1}) as run:
        for step in range(4):
            run.log({"loss": step})
    with wandb.init(fork_from="base?_step=2") as run:
        run.log({"loss": 10}, step=3)
    with wandb.init(id="base", resume="allow") as run:
        run.log({"loss": 4}, step=4)
    with wandb.init(resume_from="base?_step=2") as run:
        run.log({"loss": 30})
"""


@pytest.mark.parametrize("version", OLDEST_AND_NEWEST)
def test_fork_and_resume(stage: Stage) -> None:
    """A run that wandb forks from another is forked in Pluto at that step; one that it resumes or rewinds goes on."""
    stage.run(FORK_AND_RESUME)
    listed = stage.server.get("/api/runs/list", projectName=stage.project)["runs"]
    base, forked = sorted(run["id"] for run in listed)
    rows = {row["step"]: row["value"] for row in stage.server.metrics(stage.project, base, "loss")}
    assert rows == {0: 0, 1: 1, 2: 2, 3: 30, 4: 4}
    details = stage.server.get(f"/api/runs/details/{forked}", projectName=stage.project)
    assert (details["forkedFromRunId"], details["forkStep"]) == (base, 2)
