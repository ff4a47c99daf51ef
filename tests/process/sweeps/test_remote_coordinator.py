"""What agents read from the server: metrics of other runs, and sweeps created on another machine."""

from pathlib import Path

from tests.process.sweeps.conftest import Script
from tests.process.sweeps.test_agents import GRID, TRAIN, trials


def test_hyperband_ends_what_is_behind(run: Script, online: dict[str, str], sweeps: Path) -> None:
    """The second trial is worse at the first band and is stopped early."""
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
    """With a separate directory the agent reads definition and trials from the server."""
    output = run(
        script=f"""{TRAIN}
    id = wandb.sweep({GRID}, project="two-places")
    wandb.agent(id, train, count=1)
    print("ID", id)
    """,
        **online,
    )
    sweep = output.split("ID ")[-1].split()[0]
    elsewhere = {**online, "PLUTO_DIR": str(tmp_path / "elsewhere")}
    output = run(script=f"{TRAIN}\n    wandb.agent('two-places/{sweep}', train)", **elsewhere)
    tried = [line.split()[1:3] for line in output.splitlines() if line.startswith("TRIED")]
    assert tried == [["2", "0.5"], ["1", "0.25"], ["2", "0.25"]]
