"""An unknown release of wandb: what can be copied is copied by other hooks, with one warning."""

import pytest

from tests.process.dual.conftest import Stage

# A wandb without one of its callbacks cannot be had otherwise: it is taken out of the real one's class by those who
# call it, which then do their work themselves.
WITHOUT = """
    import os
    import wandb
    from wandb.sdk.wandb_run import Run

    def renamed(name):
        for method in vars(Run).values():
            while method is not None:
                code = getattr(method, "__code__", None)
                if code is not None and name in code.co_names:
                    method.__code__ = code.replace(
                        co_names=tuple("other" + name if one == name else one for one in code.co_names)
                    )
                method = getattr(method, "__wrapped__", None)
        setattr(Run, "other" + name, getattr(Run, name))
        delattr(Run, name)

    def changed(name):
        real = getattr(Run, name)
        setattr(Run, name, lambda self, *everything, **more: real(self, *everything, **more))

    for name in os.environ["NAMES"].split():
        (renamed if os.environ["HOW"] == "missing" else changed)(name)
    open("a.txt", "w").write("text")
    run = wandb.init(config={"lr": 1})
    run.define_metric("loss", summary="min")
    for step in range(3):
        wandb.log({"loss": step})
    run.log({"more": 1}, step=7, commit=True)
    run.config["later"] = 2
    run.summary["best"] = 5
    run.log_artifact("a.txt", name="data", type="dataset")
    wandb.save("a.txt")
    run.alert("title", "text")
    run.finish()
    print("done")
"""
METHODS = (
    "_partial_history_callback",
    "_config_callback",
    "_summary_update_callback",
    "_metric_callback",
    "_log_artifact",
    "_save",
    "_console_callback",
    "_atexit_cleanup",
)


@pytest.mark.parametrize("how", ["missing", "changed"])
def test_another_callback(stage: Stage, how: str) -> None:
    """Without the callbacks that we know, or with others, the public methods are hooked, with one warning each."""
    done = stage.run(WITHOUT, NAMES=" ".join(METHODS), HOW=how)
    assert "done" in done.stdout and "Traceback" not in done.stderr
    for method in METHODS:
        (output,) = [line for line in done.stderr.splitlines() if f"Run.{method}" in line]
        assert output.startswith("wandb: WARNING Pluto: this wandb has")
    run = stage.server.run(stage.project)
    assert run["status"] == "COMPLETED"
    assert stage.arrived("loss") == {0: 0, 1: 1, 2: 2} and stage.arrived("more") == {7: 1}
    config, about = run["config"], run["config"]["wandb"]
    assert (config["lr"], config["later"], about["summary"]["best"]) == (1, 2, 5)
    assert about["metrics"] == [{"name": "loss", "summary": ["min"]}] and about["summary"]["loss"] == {"min": 0}
    assert "data" in about["artifacts"]
    files = stage.server.get("/api/runs/files", projectName=stage.project, runId=run["id"])["files"]
    assert "save/a.txt" in {file["logName"] for file in files}


def test_unknown_version(stage: Stage) -> None:
    """A wandb of another version is mirrored all the same, after one warning for all of its runs."""
    done = stage.run(
        """
        import wandb
        wandb.__version__ = "9.9.9"
        for number in range(2):
            with wandb.init(id=f"r{number}") as run:
                run.log({"a": number})
        """
    )
    assert done.stderr.count("wandb 9.9.9 is not among the releases") == 1
    assert len(stage.server.get("/api/runs/list", projectName=stage.project)["runs"]) == 2
