"""Pluto can never hurt training: whatever fails on its side, wandb and the script see what they see without it."""

import itertools

import pytest

from tests.helpers.environments import HELPERS
from tests.helpers.fault_proxy import FaultProxy
from tests.process.dual.conftest import Stage
from tests.process.faults.conftest import ROUNDS
from wandb_compat.cli import wandb_file

SURROUNDED = HELPERS / "surrounding_faults.py"
TROUBLES = ["uploader killed", "no executable", "no memory", "read-only", "cancelled", "disk full", "nothing"]
ENDPOINTS = ["create", "logName", "config", "metrics", "ingest/data", "logs", "files", "trigger", "status"]
FAULTS = ["401", "403", "404", "413", "422", "429", "500", "garbage", "half", "huge", "redirect", "lose", "hang"]


def compare(stage: Stage, troubles: list[str], **changes: str) -> None:
    """Assert that the trainings with these troubles, one after the other, see what they see alone."""
    sides = []
    variables = {**stage.variables, "WANDB_COMPAT_FINISH_BUDGET": "0.3", **changes}
    alone = {**variables, "PLUTO_MODE": "disabled"}
    # Alone every one of them would be the same.
    for folder, arguments, used in (("alone", ["nothing"], alone), ("troubled", troubles, variables)):
        home = stage.folder.with_name(folder)
        home.mkdir()
        done = stage.environment.run(str(SURROUNDED), *arguments, cwd=home, code=3, seconds=900, **used)
        assert "Traceback" not in done.stderr, done.stderr
        rows = []
        for number in range(len(arguments)):
            (file,) = home.glob(f"wandb/*-run{number}/run-*.wandb")
            kept = wandb_file.read([file])
            assert kept.exit == 0
            findings = {step: {key: row[key] for key in row if key[0] != "_"} for step, row in kept.rows.items()}
            rows.append([findings, kept.config, {key: kept.summary[key] for key in kept.summary if key[0] != "_"}])
        sides.append((done.stdout.splitlines(), rows))
        assert [len(one[0]) for one in rows] == [300] * len(arguments)
    assert sides[1] == tuple(side * len(troubles) for side in sides[0])


# One process goes through all of them; with more rounds each has its own, and an exit code.
@pytest.mark.parametrize("troubles", [TROUBLES] if ROUNDS == 1 else [[one] for one in TROUBLES], ids="-".join)
def test_surroundings(stage: Stage, troubles: list[str]) -> None:
    """No uploader, no memory for one, no disk, a run that is cancelled: training goes on, and wandb has every row."""
    compare(stage, troubles, WANDB_COMPAT_HEARTBEAT="0.2")


def test_server(stage: Stage, proxy: FaultProxy) -> None:
    """A server that does every wrong thing, or hangs where it matters; with more rounds, every fault everywhere."""
    cases = [*((fault, "") for fault in FAULTS), *(("hang", where) for where in ("create", "metrics", "trigger"))]
    if ROUNDS > 1:
        cases = list(itertools.product(FAULTS, ENDPOINTS))
    compare(stage, [f"fault {fault} {where}" for fault, where in cases], **proxy.environment())
    for fault, _ in cases:
        assert proxy.met(fault), f"{fault} was never met"
