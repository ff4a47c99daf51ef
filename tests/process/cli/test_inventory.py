"""`wandb-compat inventory` tells a team before a migration what its scripts use."""

from pathlib import Path

from tests.helpers.offline_runs import Command


def test_the_names_of_a_script(cli: Command, folder: Path) -> None:
    """Each name with its level, its places and what to do instead; all places as JSON."""
    (folder / "train.py").write_text("import wandb\nrun = wandb.init()\nwandb.Api().create_report()\nrun.log({})\n")
    shown = cli("inventory", "train.py").stdout
    assert "refused   wandb.Api.create_report" in shown and "Pluto has no reports" in shown and "train.py:3" in shown
    assert "names of wandb are used" in shown and "1 refused" in shown
    assert '"wandb.init"' in cli("inventory", "--json", ".").stdout
