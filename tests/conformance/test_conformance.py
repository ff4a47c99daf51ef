"""The checks of `wandb-compat verify-server` hold on the embedded server as they do on a real one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from wandb_compat.conformance.cases import load
from wandb_compat.conformance.runner import Patience, Runner, mismatch
from wandb_compat.server.limits import Limits
from wandb_compat.server.serve import Running, running
from wandb_compat.wire.endpoints import Endpoints

# Like the real server, which stores up to six seconds after its answer and updates statistics every five minutes.
LIKE_THE_REAL_ONE = Limits(storage_delay=1.0, statistics_delay=1.0, keep_duplicates=1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that is as late and as lossy as the real one."""
    with running(tmp_path_factory.mktemp("conformance") / "data", limits=LIKE_THE_REAL_ONE) as server:
        yield server


def test_every_check_holds(server: Running) -> None:
    """Normal use, wrong input, limits, duplicates, order and reading back, on every route that clients use."""
    runner = Runner(Endpoints(*[server.url] * 4), server.key, Patience(stored=20.0, late=20.0, settle=1.6))
    results = list(runner.run(load()))
    differences = {result.check.that: result.difference for result in results if result.difference != ""}
    assert differences == {}
    assert len(results) > 80
    assert runner.clean_up() > 50


def test_the_command_reports_what_holds_and_cleans_up(server: Running, clean_environment: dict[str, str]) -> None:
    """Exit code 0, a table by area, and the name of the scratch project."""
    command = [sys.executable, "-m", "wandb_compat", "verify-server", "--url", server.url, "--key", server.key]
    done = subprocess.run(
        [*command, "--settle", "1.6", "--area", "status", "--area", "login", "--verbose"],
        env=clean_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "holds: status: a lower end is ignored" in done.stdout
    assert "Delete the project wandb-compat-verify-" in done.stdout


def test_a_server_that_is_not_there_or_refuses_the_key_is_2(server: Running, clean_environment: dict[str, str]) -> None:
    """With the reason."""
    for url, key, reason in (
        ("http://127.0.0.1:9", server.key, "cannot be reached"),
        (server.url, "mlpi_0000000000000000", "refuses the key"),
    ):
        command = [sys.executable, "-m", "wandb_compat", "verify-server", "--url", url, "--key", key]
        done = subprocess.run(command, env=clean_environment, capture_output=True, text=True, check=False)
        assert (done.returncode, reason in done.stderr) == (2, True), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("expected", "found", "problem"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, ""),
        ({"a": 1}, {"b": 2}, "the answer lacks a"),
        ({"a": {"b": "*int"}}, {"a": {"b": "x"}}, 'the answer.a.b is "x", not int'),
        ({"a": [1, 2]}, {"a": [1]}, "the answer.a has 1 entries, not 2 entries"),
        ({"a": [1, 2]}, {"a": [1, 3]}, "the answer.a[1] is 3, not 2"),
        ({"$set": [1, 2]}, [2, 1], ""),
        ({"$set": [1, 2]}, [2, 1, 3], "the answer has 3 entries, not 2"),
        ({"$some": [{"a": 1}]}, [{"a": 2}, {"a": 1}], ""),
        (True, 1, "the answer is 1, not true"),
        (0.5, 0.5000000001, ""),
        ({"a": 1}, [], "the answer is [], not an object"),
    ],
)
def test_answers_are_compared(expected: object, found: object, problem: str) -> None:
    """Members that are not expected do no harm; all others must fit."""
    assert mismatch(expected, found) == problem
