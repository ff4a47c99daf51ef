"""`run` starts a command in which `import wandb` gives the drop-in, and is not noticed otherwise."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.environments import ROOT
from tests.helpers.offline_runs import Command

pytestmark = pytest.mark.skipif(os.name != "posix", reason="replaces the process")


@pytest.mark.parametrize("dashes", [[], ["--"]])
def test_the_command_finds_the_drop_in(cli: Command, folder: Path, dashes: list[str]) -> None:
    """The drop-in is first on the path, followed by the user's own entries; options are the command's."""
    program = "import sys, wandb; print(wandb.__file__, sys.argv[1:], [p for p in sys.path if p == '/of/the/user'])"
    words = ["run", *dashes, sys.executable, "-c", program, "--help", "--lr=1"]
    output_text = cli(*words, PYTHONPATH="/of/the/user")
    assert output_text.stdout == f"{ROOT / 'wandb' / '__init__.py'} ['--help', '--lr=1'] ['/of/the/user']\n"


def test_the_exit_code_passes_through(cli: Command) -> None:
    """The code of the command is the code of `run`."""
    cli("run", sys.executable, "-c", "raise SystemExit(7)", code=7)


def test_signals_reach_the_command(folder: Path, environment: dict[str, str]) -> None:
    """A signal sent to `run` is the command's, which may handle it."""
    program = (
        "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(5)); print('up', flush=True);"
        "signal.pause()"
    )
    command = [sys.executable, "-m", "wandb_compat", "run", "--", sys.executable, "-c", program]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process.stdout as output:
        assert output.readline() == "up\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(120) == 5


def test_a_command_that_is_not_there_is_named(cli: Command, folder: Path) -> None:
    """As a shell does it: 127 for a missing command, 126 for one that cannot be executed."""
    assert "no-such-command cannot be run" in cli("run", "no-such-command", code=127).stderr
    (folder / "text").write_text("no program")
    assert "text cannot be run" in cli("run", "./text", code=126).stderr


def test_a_script_and_a_module_are_run_with_this_python(cli: Command, folder: Path) -> None:
    """As torchrun does it: the name of a Python file, or `-m` and a module, is enough; options are the script's."""
    (folder / "train.py").write_text("import sys, wandb; print(sys.executable, wandb.__file__, sys.argv[1:])")
    expected = f"{sys.executable} {ROOT / 'wandb' / '__init__.py'} ['--lr', '0.1']\n"
    for words in (["train.py"], ["-m", "train"], ["--", "-m", "train"]):
        assert cli("run", *words, "--lr", "0.1").stdout == expected
    assert "missing.py cannot be run" in cli("run", "missing.py", code=127).stderr
