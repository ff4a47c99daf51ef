"""What a script prints is copied in each console mode, and whatever prints goes on as without us."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.environments import ROOT
from tests.helpers.server_state import Script
from tests.process.artifacts.conftest import Arrived

PRINTING = """
    import logging, os, subprocess, sys
    import wandb
    from rich.console import Console
    from rich.progress import track
    from tqdm import tqdm
    with wandb.init() as run:
        print("printed")
        print("to stderr", file=sys.stderr)
        logging.basicConfig()
        logging.getLogger("mine").warning("logged")
        Console().print("[bold]rich[/bold] text")
        for _ in tqdm(range(2000), desc="bar", mininterval=0): pass
        for _ in track(range(50), description="steps"): pass
        subprocess.run("echo from a child; echo its trouble >&2", shell=True, check=True)
        os.write(1, b"from below\\n")
        sys.stdout.flush()
"""
ALWAYS = {"printed", "to stderr", "WARNING:mine:logged", "rich text"}
BELOW = {"from a child", "its trouble", "from below"}


@pytest.mark.parametrize("mode", ["wrap", "redirect", "auto", "wrap_raw", "wrap_emu", "off"])
def test_each_mode_takes_what_it_says(mode: str, script: Script, arrived: Arrived) -> None:
    """`wrap` takes Python's streams, `redirect` children and C as well, `off` nothing; a bar becomes one line."""
    # Silent: the run's address, printed by another thread, would end the line in which the bar stands.
    done = script(PRINTING, WANDB_CONSOLE=mode, WANDB_SILENT="true")
    for text in ("printed", "rich text", "from a child", "from below"):
        assert done.stdout.count(text) == 1
    for text in ("to stderr", "WARNING:mine:logged", "its trouble"):
        assert done.stderr.count(text) == 1
    lines = arrived.lines()
    expected = {"off": set(), "redirect": ALWAYS | BELOW}.get(mode, ALWAYS)
    assert (ALWAYS | BELOW) & set(lines) == expected
    bars = [line for line in lines if line.startswith("bar:")]
    assert [line.split("|")[0].split() for line in bars] == ([] if mode == "off" else [["bar:", "100%"]])
    assert len(lines) < 20


def test_a_terminal_stays_a_terminal(environment: dict[str, str], tmp_path: Path) -> None:
    """Redirected programs still see a terminal of the same size, and its output is what they print."""
    pty = pytest.importorskip("pty")
    (tmp_path / "train.py").write_text(
        "import os, subprocess, sys, wandb\n"
        "wandb.init(settings=wandb.Settings(console='redirect', silent='true'))\n"
        "print(sys.stdout.isatty(), os.get_terminal_size(1).columns)\n"
        "subprocess.run([sys.executable, '-c', 'import sys; print(sys.stdout.isatty())'], check=True)\n"
        "wandb.finish()\n"
        "print('after')\n"
    )
    import fcntl
    import struct
    import termios

    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 123, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "train.py"],
        cwd=tmp_path,
        env={**environment, "WANDB_MODE": "offline", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)
    seen = b""
    try:
        while piece := os.read(reader, 4096):
            seen += piece
    except OSError:  # the end of a terminal
        pass
    assert process.wait(60) == 0, process.stderr and process.stderr.read()
    assert seen.decode().split() == ["True", "123", "True", "after"]


CAPTURED = """
import logging, os, subprocess
import pytest, wandb

@pytest.fixture(params=["wrap", "redirect"])
def run(request):
    with wandb.init(settings=wandb.Settings(console=request.param)) as run:
        yield run

def test_capsys(capsys, run):
    capsys.readouterr()
    print("seen by capsys")
    assert capsys.readouterr().out == "seen by capsys\\n"

def test_caplog(caplog, run):
    logging.getLogger("mine").warning("seen by caplog")
    assert "seen by caplog" in caplog.text

def test_capfd(capfd):
    for mode in ("wrap", "redirect"):
        before = os.fstat(1).st_ino
        with wandb.init(settings=wandb.Settings(console=mode)):
            print("seen by capfd", flush=True)
            subprocess.run(["echo", "child"], check=True)
        assert os.fstat(1).st_ino == before
        assert capfd.readouterr().out == "seen by capfd\\nchild\\n"
"""


def test_pytest_captures_as_without_us(environment: dict[str, str], tmp_path: Path) -> None:
    """capsys, capfd and caplog see what a test prints while a run is on, and descriptors are as before after it."""
    (tmp_path / "test_captured.py").write_text(CAPTURED)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_captured.py"],
        cwd=tmp_path,
        env={**environment, "WANDB_MODE": "offline", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout


def test_children_may_outlive_the_run(script: Script) -> None:
    """What a child prints after the end of the run still appears on the screen, and delays nothing."""
    done = script(
        """
        import subprocess, sys, wandb
        with wandb.init():
            child = subprocess.Popen("sleep 2; echo late; sleep 0.1; seq 100000", shell=True)
        print("run is over")
        child.wait()
        """,
        WANDB_CONSOLE="redirect",
    )
    lines, numbers = done.stdout.split("\n"), [str(number) for number in range(1, 100_001)]
    assert [line for line in lines if line.isdigit()] == numbers
    assert sorted(lines) == sorted(["", "late", "run is over", *numbers])


def test_a_child_that_prints_for_ever_holds_up_no_end(script: Script) -> None:
    """A script that leaves such a child behind ends, and hands on what it can."""
    done = script(
        """
        import subprocess, wandb
        with wandb.init():
            child = subprocess.Popen("while echo y; do sleep 0.001; done", shell=True, stderr=subprocess.DEVNULL)
        print(child.pid)
        """,
        WANDB_CONSOLE="redirect",
        seconds=30,
    )
    assert done.stdout.count("y\n") > 100


def test_a_crash_shows_its_last_words(script: Script) -> None:
    """An exception that ends a redirected script is printed, and arrives."""
    done = script(
        """
        import wandb
        wandb.init()
        raise RuntimeError("last words")
        """,
        code=1,
        WANDB_CONSOLE="redirect",
    )
    assert done.stderr.count("RuntimeError: last words") == 1
