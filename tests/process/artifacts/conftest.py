"""Scripts that log files to the embedded server, and pluto's own client to see what has arrived."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.server_state import Script, Server
from tests.process.end_to_end.conftest import environment, project, script, server

__all__ = ["environment", "project", "script", "server"]


class Arrived:
    """The files of a project, read with `pluto.query`."""

    def __init__(self, server: Server, project: str, folder: Path) -> None:
        import pluto.query

        self._client = pluto.query.Client(api_token=server.key, host=server.url)
        self._project = project
        self._folder = folder

    def runs(self) -> list[int]:
        """Return the numbers of the runs, the oldest first."""
        return sorted(run["id"] for run in self._client.list_runs(self._project))

    def files(self) -> dict[str, bytes]:
        """Return the bytes of every file of all runs by key; of several under one key those of the first."""
        found = {}
        for run in self.runs():
            for file in self._client.get_files(self._project, run):
                key = file["logName"]
                if key not in found:
                    self._client.download_file(self._project, run, key, self._folder / "one")
                    found[key] = (self._folder / "one").read_bytes()
        return found

    def lines(self) -> list[str]:
        """Return the console lines of all runs."""
        return [line["message"] for run in self.runs() for line in self._client.get_logs(self._project, run)]

    def key_types(self) -> dict[str, str]:
        """Return the types under which keys are registered."""
        return {
            one["logName"]: one["logType"]
            for run in self.runs()
            for one in self._client.get_run(self._project, run)["logNames"]
        }


@pytest.fixture
def arrived(server: Server, project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Arrived:
    """What is on the server."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("PLUTO_DISABLE_TELEMETRY", "1")
    return Arrived(server, project, tmp_path)


@pytest.fixture
def elsewhere(script: Script, tmp_path: Path) -> Callable[..., Any]:
    """Runs a script as on another machine: another home and working folder."""

    def run(text: str, **changes: str) -> Any:
        home = tmp_path / "other-home"
        home.mkdir(exist_ok=True)
        return script(text, folder="elsewhere", HOME=str(home), XDG_DATA_HOME=str(home), **changes)

    return run
