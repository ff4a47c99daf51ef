"""A hundred varied runs in dual mode: `compare` calls the whole copies the same, and the damaged ones different."""

from __future__ import annotations

import sqlite3

import pytest

from tests.helpers.environments import HELPERS
from tests.process.dual.conftest import Stage
from wandb_compat.cli import compare_many
from wandb_compat.cli.sync_runs import deliver
from wandb_compat.server.serve import Running

RUNS = 100
DAMAGED = 10  # of the runs, those whose number is a multiple of this


def test_each_verdict_is_right(stage: Stage, pluto_server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs are logged by one interpreter, uploaded later, and compared together."""
    script = (HELPERS / "varied_runs.py").read_text(encoding="utf-8")
    stage.run(f"import sys\nsys.argv[1:] = ['{RUNS}']\n{script}", seconds=600, PLUTO_MODE="offline")
    for name, value in pluto_server.environment().items():
        monkeypatch.setenv(name, value)
    assert deliver((stage.folder / "wandb",), dry_run=False, patience=10, jobs=4) == 0
    database = sqlite3.connect(pluto_server.data_dir / "pluto.db", timeout=60, isolation_level=None)
    runs = dict(
        database.execute("SELECT external, id FROM project_run WHERE project_name = ?", (stage.project,)).fetchall()
    )
    assert len(runs) == RUNS
    damaged = {f"varied{number}" for number in range(0, RUNS, DAMAGED)}
    for number, name in enumerate(sorted(damaged)):
        changes = (
            "UPDATE run SET status = 'RUNNING' WHERE id = ?",
            "UPDATE run SET config = replace(config, '\"acts\"', '\"arts\"') WHERE id = ?",
            "UPDATE run SET tags = '[\"other\"]' WHERE id = ?",
        )
        assert database.execute(changes[number % len(changes)], (runs[name],)).rowcount == 1
    database.close()
    results = compare_many.compare_all(compare_many.find_runs((stage.folder,)), None, False, lambda result: None)
    wrong = [
        result.document()
        for result in results
        if result.report is None or result.exit_code != (1 if result.report.run in damaged else 0)
    ]
    assert not wrong, [wrong[0], len(wrong)]
    text = compare_many.summary(results)
    assert text.startswith(f"{RUNS} runs compared with Pluto: {RUNS - len(damaged)} same, {len(damaged)} different (")
    assert compare_many.exit_code_of(results) == 1
