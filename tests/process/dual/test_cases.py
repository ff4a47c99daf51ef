"""Scripts whose record Pluto must repeat exactly: `wandb-compat compare` finds no difference."""

import pytest

from tests.process.dual.conftest import Stage

SCRIPTS = {
    "threads": """
        import threading, wandb
        run = wandb.init()
        def work(number):
            for value in range(100):
                run.log({f"t{number}": value})
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        run.finish()
        """,
    "reserved keys": """
        import wandb
        run = wandb.init()
        run.log({"_step": 99, "q": 1}); run.log({"_timestamp": 5, "q": 2}); run.log({"": 1}); run.log({"q": 3})
        run.log({"_timestamp": 7.5}); run.log({"_runtime": 5, "q": 4}); run.log({"_timestamp": True, "_step": "x"})
        run.log({"sys/x": 1, "system.y": 2, "system/z": 3, "_wandb": {"a": 1}, "_wandb/x": 1, "_own": 2})
        run.log({"system": {"gpu": 3}, "_sys": 1, "wandb": 2, "a": {"_step": 1, "_timestamp": 2}, "_type": 1})
        run.summary.update({"_own": 1, "sys/m": 1, "system.m": 2})
        run.config.update({"_own": 1, "sys/a": 3, "_step": 4})
        run.finish()
        """,
    "summary without finish": """
        import numpy, wandb
        run = wandb.init(); run.define_metric("acc", summary="max,mean")
        for value in range(10): run.log({"acc": value % 4})
        run.summary["big"] = numpy.arange(1000); run.summary["nan"] = float("nan")
        """,
    "incremental table": """
        import wandb
        run = wandb.init()
        table = wandb.Table(columns=["a"], log_mode="INCREMENTAL")
        for value in range(3):
            table.add_data(value); run.log({"grow": table})
        run.finish()
        """,
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_pluto_repeats_the_record(stage: Stage, name: str) -> None:
    """The same rows at the same steps and the same summary, with `finish` and without."""
    stage.run(SCRIPTS[name])
    (record,) = stage.folder.glob("wandb/offline-run-*/run-*.wandb")
    done = stage.environment.run("-m", "wandb_compat", "compare", str(record), code=None, **stage.variables)
    assert done.returncode == 0, done.stdout + done.stderr


LARGE_INTEGER = """
import wandb
run = wandb.init(); run.log({"a": 1}); run.summary["large"] = 10**5000
run.finish()
"""


def test_a_comparison_that_fails_is_no_difference(stage: Stage) -> None:
    """An integer of more digits than Python reads ends the comparison with exit code 2 and one line."""
    stage.run(LARGE_INTEGER)
    (record,) = stage.folder.glob("wandb/offline-run-*/run-*.wandb")
    done = stage.environment.run("-m", "wandb_compat", "compare", str(record), code=2, **stage.variables)
    assert "Traceback" not in done.stderr and "5001 digits" in done.stderr
    assert stage.arrived("a") == {0: 1}


IDENTITY = """
import pickle
import wandb
run = wandb.init(config={"_target_": "a.B", "lr": 0.1})
print(type(run) is wandb.Run, run.__class__ is wandb.Run, type(run) is wandb.sdk.wandb_run.Run)
print([name for name in vars(run) if "compat" in name or "mirror" in name])
print(len(pickle.dumps(run)) > 0)
run.log({"loss": 1})
run.finish()
"""


def test_the_class_of_a_run(stage: Stage) -> None:
    """A run is of wandb's own class and has no attribute of ours; keys with a leading underscore stay in its config."""
    done = stage.run(IDENTITY)
    assert done.stdout.splitlines()[:3] == ["True True True", "[]", "True"]
    assert stage.arrived("loss") == {0: 1}
    config = stage.server.run(stage.project)["config"]
    assert (config["_target_"], config["lr"]) == ("a.B", 0.1)


KILLED = """
import os, signal, time
import wandb
run = wandb.init()
for step in range(200):
    run.log({"loss": step})
run.summary["best"] = 5
time.sleep(2)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_has_a_summary(stage: Stage) -> None:
    """What the script sets in the summary is on its way within about a second."""
    stage.run(KILLED, code=None, WANDB_COMPAT_LINGER="30")
    (journal,) = stage.folder.glob("wandb/offline-run-*/pluto/run-*.wandb")
    assert b'"summary":{"loss":199,"best":5}' in journal.read_bytes()
