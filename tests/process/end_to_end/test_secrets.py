"""The key goes to the configured hosts and nowhere else."""

import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.helpers.server_state import Script, Server


def test_no_file_of_a_run_holds_the_key(script: Script, environment: dict[str, str], tmp_path: Path) -> None:
    """Not the journal, the logs, the config nor the console, even if the script prints the key itself."""
    key = environment["PLUTO_API_KEY"]
    done = script(
        """
        import os, wandb
        with wandb.init(config={"lr": 1}) as run:
            print("my key is", os.environ["PLUTO_API_KEY"])
            run.log({"a": 1})
        """
    )
    assert key not in done.stderr
    files = [path for path in (tmp_path / "work").rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if key.encode() in path.read_bytes()] == []


def test_what_a_script_prints_reaches_the_server_without_the_key(
    script: Script, server: Server, project: str, environment: dict[str, str]
) -> None:
    """The console lines of a run are redacted before they are written anywhere."""
    script("import os, wandb; wandb.init(); print('key', os.environ['PLUTO_API_KEY'], 'end'); wandb.finish()")
    lines = server.get("/api/runs/logs", projectName=project, runId=server.run(project)["id"])["logs"]
    (line,) = [one["message"] for one in lines if one["message"].startswith("key ")]
    assert line.endswith(" end")
    assert environment["PLUTO_API_KEY"] not in line


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs /proc to look at another process")
def test_the_uploader_shows_the_key_to_nobody(environment: dict[str, str], tmp_path: Path) -> None:
    """Neither its arguments nor its environment hold the key, which other tools may list."""
    code = "import sys, wandb\nrun = wandb.init()\nprint('go', flush=True)\nsys.stdin.read()\nrun.finish()"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        deadline = time.monotonic() + 20
        uploaders: list[psutil.Process] = []
        while not uploaders and time.monotonic() < deadline:
            time.sleep(0.05)
            children = psutil.Process(process.pid).children()
            uploaders = [child for child in children if "wandb_compat.uploader" in child.cmdline()]
        (uploader,) = uploaders
        key = environment["PLUTO_API_KEY"]
        assert key not in " ".join(uploader.cmdline())
        assert key not in uploader.environ().values()
        process.communicate()


def test_redirects_and_netrc_do_not_lead_the_key_astray(
    script: Script, environment: dict[str, str], tmp_path: Path
) -> None:
    """A redirect is not followed, and a password in ~/.netrc does not take the key's place."""
    received: list[tuple[str, str | None]] = []

    class Stranger(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.headers.get("Authorization")))
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(307)
            self.send_header("Location", f"http://localhost:{self.server.server_port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    host = ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    netrc = Path(environment["HOME"]) / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    netrc.chmod(0o600)
    urls = {f"PLUTO_URL_{name}": f"http://127.0.0.1:{host.server_port}" for name in ("APP", "API", "INGEST", "PY")}
    script("import wandb; wandb.init(); wandb.log({'a': 1}); wandb.finish()", **urls)
    host.shutdown()
    host.server_close()
    assert received
    assert {path for path, _ in received} == {"/api/runs/create"}
    assert {key for _, key in received} == {f"Bearer {environment['PLUTO_API_KEY']}"}


def test_a_forgotten_url_sends_nothing(script: Script, server: Server, project: str) -> None:
    """With PLUTO_URL_PY left out and no way to derive it, the run stays on disk and says which variable is missing."""
    done = script(
        "import wandb; wandb.init(); wandb.log({'a': 1}); wandb.finish()",
        PLUTO_URL_APP="http://127.0.0.1:9",
        PLUTO_URL_PY="",
    )
    assert "PLUTO_URL_PY must be set" in done.stderr
    assert "wandb-compat sync" in done.stderr
    assert server.get("/api/runs/list", projectName=project)["runs"] == []


BAD_KEYS = {"long": "mlpi_" + "x" * 100_000, "lines": "mlpi_abc\r\nX-Other: 1", "words": "mlpi_ä b"}


@pytest.mark.parametrize("bad", BAD_KEYS)
def test_a_text_that_cannot_be_a_key(script: Script, server: Server, project: str, bad: str, tmp_path: Path) -> None:
    """Neither `init` nor `finish` hangs on it; one warning says what is wrong, and nothing shows it."""
    text = "import wandb\nwith wandb.init() as run: run.log({'a': 1})\nprint('trained')"
    done = script(text, PLUTO_API_KEY=BAD_KEYS[bad], seconds=60)
    assert done.stdout == "trained\n"
    warnings = [line for line in done.stderr.splitlines() if "the Pluto key in PLUTO_API_KEY has" in line]
    assert len(warnings) == 2, done.stderr  # the second one is the end's: rows are not on the server
    assert "wandb-compat sync" in warnings[1] and "background" not in warnings[1]
    files = [path for path in (tmp_path / "work").rglob("*") if path.is_file()]
    secret = BAD_KEYS[bad].encode()[-20:]
    assert secret not in done.stderr.encode()
    assert [path for path in files if secret in path.read_bytes()] == []
    for command in (["sync", str(tmp_path / "work")], ["login", "--no-check"]):
        process = subprocess.run(
            [sys.executable, "-m", "wandb_compat", *command],
            env={**os.environ, "PLUTO_API_KEY": BAD_KEYS[bad], "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)},
            input=BAD_KEYS[bad].replace("\r\n", " ") + "\n",
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert process.returncode == 1 and process.stderr.count("Error:") == 1, process.stderr
        assert "has" in process.stderr and "Traceback" not in process.stderr
    assert server.get("/api/runs/list", projectName=project)["runs"] == []


@pytest.mark.parametrize("keep", ["false", "true"])
def test_arguments_that_look_like_keys(script: Script, server: Server, project: str, tmp_path: Path, keep: str) -> None:
    """They reach neither the server nor a file, unless that is asked for."""
    text = """
    import sys
    sys.argv += ["--lr", "0.1", "--api-key=hidden-1", "--password", "hidden-2"]
    import wandb
    wandb.init().finish()
    """
    script(text, WANDB_COMPAT_KEEP_ARGUMENTS=keep)
    metadata = server.get(f"/api/runs/details/{server.run(project)['id']}", projectName=project)["systemMetadata"]
    shown = (
        ["--api-key=hidden-1", "--password", "hidden-2"]
        if keep == "true"
        else ["--api-key=[key]", "--password", "[key]"]
    )
    assert metadata["args"] == ["--lr", "0.1", *shown]
    files = [path for path in (tmp_path / "work" / "wandb").rglob("*") if path.is_file()]
    assert any(b"hidden" in path.read_bytes() for path in files) == (keep == "true")
