"""`compare` tells whether Pluto has of a run what the real wandb has recorded of it."""

import json
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import warm_python
from tests.helpers.environments import HELPERS, ROOT
from tests.helpers.offline_runs import Command
from tests.process.docs.test_pages import blocks

# What the real wandb 0.31 has written of SESSION, with `x_disable_meta`, in offline mode.
RECORD = HELPERS / "data" / "run-recorded.wandb"
SESSION = """
import wandb

about = {"id": "recorded", "name": "n", "notes": "said", "tags": ["t"], "group": "g"}
with wandb.init(project="p", config={"lr": 0.1, "net": {"width": 4}}, **about) as run:
    for step in range(100):
        run.log({"loss": 1 / (step + 1), "nested": {"x": step}})
    run.log({"nan": float("nan"), "inf": float("inf"), "yes": True, "few": [1, 2], "word": "text"})
    run.log({"part": 1}, commit=False)
    run.log({"far": 1}, step=200)
    run.config["later"] = [1, None]
    run.summary["best"] = 3
    run.tags += ("new",)
"""


@pytest.fixture
def record(folder: Path) -> Path:
    """The folder of the recorded run, where wandb would have made it, named by its link."""
    home = folder / "wandb" / "offline-run-20260101_000000-recorded"
    home.mkdir(parents=True)
    shutil.copy(RECORD, home)
    (home.parent / "latest-run").symlink_to(home.name)
    return home


@pytest.fixture
def project(request: pytest.FixtureRequest) -> str:
    """The test's own project in Pluto."""
    return f"compare-{request.node.name}"[:100].replace("[", "-").replace("]", "")


@pytest.fixture
def log(folder: Path, environment: dict[str, str], project: str) -> Callable[..., None]:
    """Logs a session to Pluto, the same as the recorded one but for what is replaced."""

    def run(*changes: tuple[str, str]) -> None:
        text = SESSION
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        variables = {**environment, "PLUTO_PROJECT": project, "WANDB_COMPAT_FINISH_BUDGET": "60", "WANDB_DIR": ".."} | {
            "WANDB_CONSOLE": "off"
        }
        warm_python.run([sys.executable, "-c", text], cwd=folder, env=variables, check=True)

    return run


def test_the_same_run_is_the_same(cli: Command, record: Path, log: Callable[..., None], project: str) -> None:
    """All parts are equal, in the table and in JSON, and the example of the page says so."""
    log()
    (example,) = (block for block in blocks(ROOT / "docs" / "dual-mode.md", "") if "compare" in block)
    _, *arguments = shlex.split(example)
    output = cli(*arguments, "--project", project).stdout
    assert output.startswith("Same: run recorded is") and "numbers" in output
    findings = json.loads(cli("compare", record, "--project", project, "--json").stdout)
    parts = findings["parts"]
    assert findings["same"] and parts["numbers"]["value"] == 207 and parts["texts and histograms"]["value"] == 1
    assert all(not part["differences"] for part in findings["parts"].values())


def test_all_runs_of_a_folder_are_compared(
    cli: Command, record: Path, log: Callable[..., None], project: str, folder: Path
) -> None:
    """One line a run, a summary for a chat message, a page, and the exit code of the worst."""
    log()
    output = cli("compare", "--all", "--project", project, "--html", "page.html").stdout
    assert "Same: run recorded is" in output and "1 runs compared with Pluto: 1 same" in output
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert "1 runs compared with Pluto: 1 same" in page and "<td>numbers</td><td>207</td>" in page
    found = json.loads(cli("compare", "--all", "--project", "nowhere", "--json", code=2).stdout)["runs"]
    assert found[0]["exit_code"] == 2 and "has no run recorded" in found[0]["problem"]
    assert "no run of wandb is below" in cli("compare", "--all", "/nowhere", code=2).stderr
    assert "Name a run" in cli("compare", code=2).stderr


def test_each_difference_is_seen(cli: Command, record: Path, log: Callable[..., None], project: str) -> None:
    """Each difference of a run is listed, and the exit code is 1."""
    log(
        ("1 / (step + 1)", "1 / (step + 1) + (step == 7)"),
        ('float("nan")', "0.0"),
        ('"part": 1', '"rest": 1'),
        ('"lr": 0.1', '"lr": 0.2'),
        ('run.summary["best"] = 3', 'run.summary["best"] = 4'),
        ('("new",)', '("other",)'),
        ('"notes": "said"', '"notes": "meant"'),
        ('    run.tags += ("other",)', '    run.tags += ("other",)\n    run.finish(exit_code=3)'),
    )
    output = cli("compare", record, "--project", project, "--json", code=1).stdout
    found = {name: {one["what"] for one in each["differences"]} for name, each in json.loads(output)["parts"].items()}
    assert found["numbers"] == {"loss at step 7", "nan at step 100", "part at step 101", "rest at step 101"}
    assert (found["config"], found["description"]) == ({"lr"}, {"tags", "notes"})
    assert {"best", "nan", "part", "rest"} <= found["summary"] and found["end"] == {"state"}
    output = cli("compare", record, "--project", project, code=1).stdout
    assert "Different: run recorded" in output and "1.125" in output


def test_what_cannot_be_compared(cli: Command, folder: Path, record: Path, unreachable: dict[str, str]) -> None:
    """Without a record, run, key or server the exit code is 2 and one sentence says what is missing."""
    (folder / "foreign.wandb").write_bytes(bytes(100))
    (folder / "empty.wandb").write_bytes(RECORD.read_bytes()[:7])
    for arguments, variables, sentence in (
        ([folder / "missing"], {}, "name the directory of one run"),
        ([folder / "foreign.wandb"], {}, "is not a .wandb file of the real wandb"),
        ([folder / "empty.wandb"], {}, "contains no run"),
        ([record, "--project", "nowhere"], {}, "has no run recorded in project nowhere"),
        ([record], {"PLUTO_API_KEY": None}, "no Pluto key was found"),
        ([record], unreachable, "cannot be reached"),
    ):
        output = cli("compare", *arguments, code=2, **variables)
        assert sentence in output.stderr and "Traceback" not in output.stderr
