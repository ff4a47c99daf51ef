"""The main job: an unchanged wandb script logs to an embedded Pluto server, and `pluto.query` reads back what arrived.

Run it with `make demo`. It works in an environment without the real wandb, in folders that are removed afterwards, and
exits non-zero when anything is missing.
"""

import os
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path

from rich.console import Console
from rich.table import Table

from wandb_compat.server.serve import running

SCRIPT = Path(__file__).with_name("quickstart.py")
EXPECTED = {"acc": 8, "loss": 8}


def main() -> int:
    """Run the quick start against a separate server and show what the server has."""
    console = Console()
    if any(one.metadata["Name"].lower() == "wandb" for one in distributions()):
        console.print("[red]The real wandb is installed here, the demo is about life without it.[/red]")
        return 1
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "server") as server:
        home = Path(folder) / "home"
        home.mkdir()
        surroundings = {"HOME": str(home), "XDG_DATA_HOME": str(home), "PLUTO_DISABLE_TELEMETRY": "1"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB_", "PLUTO_"))}
        environment = {**kept, **surroundings, **server.environment()}
        console.rule(f"python {SCRIPT.name}")
        subprocess.run([sys.executable, str(SCRIPT)], cwd=home, env=environment, check=True)
        console.rule("what arrived, read with pluto.query")
        os.environ.update(environment)
        return show(console)


def show(console: Console) -> int:
    """Print the runs of the project; return 0 if there is one and it is whole."""
    import pluto.query

    runs = pluto.query.list_runs("quickstart")
    missing = [] if len(runs) == 1 else [f"one run expected, {len(runs)} found"]
    for listed in runs:
        run = pluto.query.get_run("quickstart", listed["id"])
        config = {key: value for key, value in run["config"].items() if key != "wandb"}
        console.print(f"run    {run['name']}  ({run['displayId']})\nstate  {run['status']}\nconfig {config}")
        table = Table("metric", "values", "last value")
        for metric, count in EXPECTED.items():
            rows = pluto.query.get_metrics("quickstart", run["id"], [metric])
            rows = rows.to_dict("records") if hasattr(rows, "to_dict") else rows
            table.add_row(metric, str(len(rows)), f"{rows[-1]['value']:.4f}" if rows else "-")
            if len(rows) != count:
                missing.append(f"{metric}: {len(rows)} values instead of {count}")
        console.print(table)
        if run["status"] != "COMPLETED":
            missing.append(f"state {run['status']} instead of COMPLETED")
        if config.get("architecture") != "CNN":
            missing.append("config is not whole")
    for sentence in missing:
        console.print(f"[red]missing: {sentence}[/red]")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
