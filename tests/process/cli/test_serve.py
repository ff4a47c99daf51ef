"""`serve` runs the embedded server and prints what a client has to export."""

import re
import signal
import stat
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest
import requests

from tests.helpers.offline_runs import Command
from wandb_compat.server.serve import Running


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_what_it_prints_is_all_that_a_client_needs(
    environment: dict[str, str], folder: Path, cli: Command, end: signal.Signals
) -> None:
    """With the printed variables `doctor` reaches the server and its key is taken; a signal ends it in good order."""
    command = [sys.executable, "-m", "wandb_compat", "serve", "--port", "0", "--data", str(folder / "data")]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    exports = {}
    while len(exports) < 5:
        line = process.stdout.readline()
        assert line, "the server ended"
        if found := re.fullmatch(r"export (\w+)=(\S+)\n", line):
            exports[found[1]] = found[2]
    try:
        report = cli("doctor", code=None, **exports).stdout
        assert f"ok       {exports['PLUTO_URL_API']} accepts the key" in report
        refused = requests.post(exports["PLUTO_URL_API"] + "/api/slug", json={}, timeout=10)
        assert refused.status_code == 401
        assert urllib.parse.urlsplit(exports["PLUTO_URL_INGEST"]).hostname == "127.0.0.1"
        assert stat.S_IMODE((folder / "data" / "key").stat().st_mode) == 0o600
    finally:
        process.send_signal(end)
        assert process.wait(120) == 0
        process.stdout.close()


def test_a_taken_port_is_named(cli: Command, pluto_server: Running) -> None:
    """The sentence names the port; nothing is served."""
    port = pluto_server.url.rpartition(":")[2]
    output = cli("serve", "--port", port, code=1)
    assert f"port {port}" in output.stderr
    assert output.stdout == ""


@pytest.mark.parametrize("place", ["file/data", "missing"])
def test_a_folder_that_cannot_be_written_is_named(cli: Command, folder: Path, place: str) -> None:
    """A data folder that cannot be made is an error of one sentence, with the option that names another."""
    (folder / "file").write_text("")
    target = folder / place if place == "file/data" else Path("/proc", place)
    if sys.platform != "linux" and place == "missing":
        pytest.skip("a file system that makes no folders for any user")
    failed = cli("serve", "--port", "0", "--data", str(target), code=1).stderr
    assert str(target) in failed and "--data" in failed and "damaged" not in failed and "Traceback" not in failed


def test_the_missing_extra_is_named(cli: Command, folder: Path, environment: dict[str, str]) -> None:
    """Without starlette the sentence says what to install."""
    (folder / "without").mkdir()
    (folder / "without" / "sitecustomize.py").write_text("import sys; sys.modules['starlette'] = None\n")
    path = str(folder / "without")
    assert 'pip install "wandb-compat[local]"' in cli("serve", code=1, PYTHONPATH=path).stderr
