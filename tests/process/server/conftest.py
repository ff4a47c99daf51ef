"""What the tests of the embedded server share: a raw HTTP client and scripts run by the unmodified `pluto-ml`."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from itertools import count
from pathlib import Path
from string import ascii_lowercase, digits

import pluto.query
import pytest

from tests.helpers import warm_python
from tests.helpers.raw_http import Api
from wandb_compat.server.serve import Running


@pytest.fixture
def api(pluto_server: Running) -> Api:
    """A raw HTTP client with the right key."""
    return Api(pluto_server)


_DIGITS = digits + ascii_lowercase
_projects = count(10)


@pytest.fixture
def project() -> str:
    """A project that no other test uses."""
    # The first three characters make the display ids of its runs: they are its own as well.
    number = next(_projects)
    return f"{_DIGITS[number // 1296]}{_DIGITS[number // 36 % 36]}{_DIGITS[number % 36]}project"


@pytest.fixture
def pq(pluto_server: Running, monkeypatch: pytest.MonkeyPatch) -> pluto.query.Client:
    """The read client of `pluto-ml`, which gives lists of dicts without pandas."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    return pluto.query.Client(api_token=pluto_server.key, host=pluto_server.url)


@pytest.fixture
def script(
    pluto_server: Running, clean_environment: dict[str, str], tmp_path: Path, project: str
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs Python code that uses `pluto-ml` in a new process; the code finds `project` and `settings`."""

    def run(code: str, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
        settings = {"x_sys_sampling_interval": 0.2, "sync_process_flush_interval": 0.1, "disable_system_metrics": True}
        preamble = f"import pluto\nproject = {project!r}\nsettings = lambda: dict({settings!r})\n"
        environment = {**clean_environment, **pluto_server.environment(), "PLUTO_DIR": str(tmp_path)}
        command = [sys.executable, "-c", preamble + textwrap.dedent(code)]
        done = warm_python.run(command, env=environment, cwd=tmp_path, timeout=60, preload=("pluto.op",))
        assert done.returncode == exit_code, done.stdout + done.stderr
        return done

    return run
