"""What agents ask the server: how a metric went elsewhere, and what a sweep is that was made on another machine."""

from pathlib import Path

from tests.process.sweeps.conftest import Script
from tests.process.sweeps.test_agents import GRID, TRAIN, trials


def test_hyperband_ends_what_is_behind(run: Script, online: dict[str, str], sweeps: Path) -> None:
    """The first trial sets the marks; the second is worse where they are compared and ends long before its time."""
    definition = {
        "method": "grid",
        "metric": {"name": "loss", "goal": "minimize"},
        "early_terminate": {"type": "hyperband", "min_iter": 3},
        "parameters": {"x": {"values": [1, 5]}},
    }
    run(
        script=f"""
        import time, wandb
        def train():
            run = wandb.init()
            for _ in range(2000):
                run.log({{"loss": run.config.x}})
                time.sleep(0.05 * (run.config.x == 5))
        id = wandb.sweep({definition}, project="hyperband")
        wandb.agent(id, train)
        open("id", "w").write(id)
        """,
        **online,
    )
    sweep = (sweeps.parent.parent / "id").read_text()
    assert [(one.config["x"], one.state) for one in trials(sweep)] == [(1, "finished"), (5, "killed")]


def test_an_agent_elsewhere_finds_the_sweep_by_its_runs(run: Script, online: dict[str, str], tmp_path: Path) -> None:
    """With a folder of its own it takes the definition and what was tried from the server."""
    said = run(
        script=f"""{TRAIN}
    id = wandb.sweep({GRID}, project="two-places")
    wandb.agent(id, train, count=1)
    print("ID", id)
    """,
        **online,
    )
    sweep = said.split("ID ")[-1].split()[0]
    elsewhere = {**online, "PLUTO_DIR": str(tmp_path / "elsewhere")}
    said = run(script=f"{TRAIN}\n    wandb.agent('two-places/{sweep}', train)", **elsewhere)
    tried = [line.split()[1:3] for line in said.splitlines() if line.startswith("TRIED")]
    assert tried == [["2", "0.5"], ["1", "0.25"], ["2", "0.25"]]
