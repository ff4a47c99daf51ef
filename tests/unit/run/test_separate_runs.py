"""When a rank of a distributed job gets a hint that its run is separate from those of the others."""

import pytest

from wandb_compat.run.distributed import separate_runs_hint

TORCHRUN = {"RANK": "1", "WORLD_SIZE": "4"}
SLURM = {"SLURM_PROCID": "1", "SLURM_NTASKS": "8"}


@pytest.mark.parametrize("job", [TORCHRUN, SLURM])
def test_one_rank_gets_the_hint(job: dict[str, str]) -> None:
    """It names the variable to set, and what says that the runs are meant to be separate."""
    hint = separate_runs_hint("ab12cd34", False, job)
    assert hint is not None and "PLUTO_RUN_ID" in hint and "group=" in hint and "rank 1 of" in hint


@pytest.mark.parametrize(
    ("run_id", "grouped", "job"),
    [
        ("ab12cd34", True, TORCHRUN),
        ("chosen", False, TORCHRUN),
        ("ab12cd34", False, {**TORCHRUN, "WANDB_RUN_ID": "ab12cd34"}),
        ("ab12cd34", False, {"RANK": "0", "WORLD_SIZE": "4"}),
        ("ab12cd34", False, {"RANK": "2", "WORLD_SIZE": "4"}),
        ("ab12cd34", False, {"RANK": "1", "WORLD_SIZE": "1"}),
        ("ab12cd34", False, {"RANK": "1"}),
        ("ab12cd34", False, {}),
    ],
)
def test_no_hint_without_need(run_id: str, grouped: bool, job: dict[str, str]) -> None:
    """Neither with a group or a chosen id, nor for the other ranks or outside a job of several."""
    assert separate_runs_hint(run_id, grouped, job) is None
