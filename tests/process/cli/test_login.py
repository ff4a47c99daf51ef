"""`login` keeps a key that the server takes, where `pluto login` would, and refuses any other with a reason."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import warm_python
from tests.helpers.offline_runs import Command
from wandb_compat.server.serve import Running


def stored(environment: dict[str, str]) -> str:
    """Return the text of the keyring's file, empty when none exists."""
    file = Path(environment["XDG_DATA_HOME"], "python_keyring", "keyring_pass.cfg")
    return file.read_text(encoding="utf-8") if file.exists() else ""


@pytest.mark.parametrize("way", ["argument", "standard input"])
@pytest.mark.parametrize("module", ["wandb_compat", "wandb"])
def test_a_good_key_is_stored_and_used(
    cli: Command, environment: dict[str, str], pluto_server: Running, way: str, module: str
) -> None:
    """The key lies where pluto-ml looks for it; the message names that place and never shows the key."""
    key = pluto_server.key
    words, text = (["login", key], "") if way == "argument" else (["login"], key + "\n")
    output = cli(*words, input=text, module=module, PLUTO_API_KEY=None)
    assert f"{pluto_server.url} accepts the key" in output.stdout
    assert "keyring_pass.cfg" in output.stdout
    assert key not in output.stdout + output.stderr
    assert "[pluto]" in stored(environment)
    program = "import keyrings.alt.file as f; print(f.PlaintextKeyring().get_password('pluto', 'pluto'))"
    found = warm_python.run([sys.executable, "-c", program], env=environment, check=True)
    assert found.stdout.strip() == key


def test_a_key_of_wandb_is_refused(cli: Command, environment: dict[str, str]) -> None:
    """A key without a Pluto prefix is not stored, not sent, not shown, and the sentence names the prefixes."""
    output = cli("login", "0123456789abcdef0123456789abcdef01234567", code=1)
    assert "mlpi_ or mlps_" in output.stderr
    assert "0123456789abcdef" not in output.stdout + output.stderr
    assert stored(environment) == ""


def test_a_key_that_the_server_refuses_is_not_stored(cli: Command, environment: dict[str, str]) -> None:
    """The server is asked before anything is stored."""
    output = cli("login", "mlpi_wrongwrongwrong1", code=1)
    assert "refuses the key" in output.stderr
    assert "wrongwrong" not in output.stderr
    assert stored(environment) == ""


def test_without_a_server_nothing_is_stored_unless_asked(
    cli: Command, environment: dict[str, str], unreachable: dict[str, str]
) -> None:
    """An unreachable server is named; `--no-check` stores the key all the same."""
    output = cli("login", "mlpi_0123456789abcdef", code=1, **unreachable)
    assert "cannot be reached" in output.stderr
    assert "Nothing was stored" in output.stderr
    assert stored(environment) == ""
    cli("login", "mlpi_0123456789abcdef", "--no-check", **unreachable)
    assert "[pluto]" in stored(environment)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_at_a_terminal_the_key_is_asked_for_and_not_shown(
    environment: dict[str, str], folder: Path, pluto_server: Running
) -> None:
    """The terminal shows the questions and the answer of the server, not the key that is typed."""
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "wandb_compat", "login"],
        cwd=folder,
        env={name: value for name, value in environment.items() if name != "PLUTO_API_KEY"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    with os.fdopen(ours, "r+b", buffering=0) as terminal:
        while b"Your choice: " not in shown:
            shown += terminal.read(1024)
        terminal.write(b"2\n")
        while b"Pluto API key: " not in shown:  # the blank comes last, when what is typed is no longer thrown away
            shown += terminal.read(1024)
        terminal.write(pluto_server.key.encode() + b"\n")
        with contextlib.suppress(OSError):  # how Linux tells that the other side has closed
            while more := terminal.read(1024):
                shown += more
    assert process.wait(60) == 0
    assert b"accepts the key" in shown
    assert pluto_server.key.encode() not in shown
    assert "[pluto]" in stored(environment)


def test_no_key_at_all_is_named(cli: Command) -> None:
    """Empty standard input, as in a job without a terminal, never hangs."""
    assert "no key was given" in cli("login", code=1).stderr


def test_a_variable_that_wins_is_mentioned(cli: Command, pluto_server: Running) -> None:
    """Storing a key while PLUTO_API_KEY holds another prints which of them is used."""
    output = cli("login", pluto_server.key, PLUTO_API_KEY="mlpi_somethingelse00")
    assert "PLUTO_API_KEY is set to another key" in output.stderr
    assert "somethingelse" not in output.stderr


def test_python_m_wandb_login_is_content_with_a_key(cli: Command, environment: dict[str, str]) -> None:
    """In a job that has a key already, `wandb login` ends well and stores nothing."""
    assert "Pluto key found in PLUTO_API_KEY" in cli("login", module="wandb").stdout
    assert stored(environment) == ""
