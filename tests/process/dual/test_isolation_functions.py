"""Pluto can never hurt training: whichever function on its side raises, wandb and the script notice nothing."""

import json

import pytest

from tests.helpers.environments import HELPERS
from tests.process.dual.conftest import Stage
from tests.process.faults.conftest import ROUNDS
from wandb_compat.dual.supported_versions import TESTED

INJECTED = HELPERS / "function_faults.py"
USED = 100  # functions of ours that a session goes through, at least
SHARE = 4 if ROUNDS == 1 else 1  # one function in so many is tried


# The oldest release too where there is time, as `make faults` has.
@pytest.mark.parametrize("version", [TESTED[-1]] if ROUNDS == 1 else [TESTED[0], TESTED[-1]])
def test_every_function(stage: Stage) -> None:
    """Each function of ours that a script comes across raises, one a run: wandb and the script notice nothing."""
    stage.folder.mkdir()
    changes = {"WANDB_COMPAT_FINISH_BUDGET": "1", "WANDB_SILENT": "false"}
    done = stage.environment.run(
        str(INJECTED), str(SHARE), cwd=stage.folder, code=3, seconds=900, **{**stage.variables, **changes}
    )
    findings = next(line for line in done.stdout.splitlines() if line.startswith("FINDINGS "))
    every, used, different, loud = json.loads(findings.removeprefix("FINDINGS "))
    assert not different
    assert not loud
    assert used >= USED and used >= every // 4
    assert "Traceback" not in done.stderr
