"""The real wandb, old and new, behaves behind the facade as it does alone."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.environments import HELPERS, OURS, Environment, Environments

KEY = {"PLUTO_API_KEY": "mlpi_a_key_of_nobody", "WANDB_SILENT": "true"}
SCRIPT = HELPERS / "wandb_session.py"
# Those in between with `make corpus`.
ALL = os.environ.get("WANDB_COMPAT_CORPUS") == "all"
VERSIONS = ["0.18", "0.19", "0.21", "0.23", "0.26", "0.28", "0.31"] if ALL else ["0.18", "0.31"]


@pytest.fixture(scope="module", params=VERSIONS)
def real(request: pytest.FixtureRequest, environment: Environments) -> Environment:
    """Ours and the last patch of a release of the real wandb."""
    return environment(f"wandb=={request.param}.*", OURS)


def test_undisturbed(real: Environment, tmp_path: Path) -> None:
    """Return values, errors, names, pickles, child processes and the `.wandb` file are those of the real one alone."""
    seen: list[dict[str, Any]] = []
    for number, variables in enumerate([KEY, {"WANDB_COMPAT": "off", "WANDB_SILENT": "true"}]):
        folder = tmp_path / str(number)
        folder.mkdir()
        result = _result(real.run(str(SCRIPT), cwd=folder, **variables).stdout)
        result["rows"], result["records"] = _result(real.run(str(SCRIPT), result.pop("file"), **variables).stdout)
        seen.append(result)
    behind, alone = seen
    assert behind == alone
    assert len(behind["rows"]) == 43


def _result(out: str) -> Any:
    return json.loads(next(line for line in out.splitlines() if line.startswith("RESULT "))[len("RESULT ") :])


def test_facade_is_in_front(real: Environment) -> None:
    """In dual mode the facade answers, live: what either side sets, deletes or patches, the other sees."""
    result = real.evaluate(
        """
        import wandb
        result["repr"] = repr(wandb)
        wandb.init
        import _wandb_real
        import wandb.sdk.lib.module
        import wandb.sdk.wandb_run
        wandb.run = "ours"
        result["ours"] = _wandb_real.run
        wandb.sdk.lib.module.unset_globals()
        result["theirs"] = wandb.run
        init = wandb.init
        del wandb.init
        result["gone"] = hasattr(_wandb_real, "init") or hasattr(wandb, "init")
        wandb.init = init
        result["back"] = _wandb_real.init is init
        result["submodule"] = wandb.sdk.wandb_run is _wandb_real.sdk.wandb_run
        """,
        **KEY,
    )
    assert result.pop("repr").startswith(
        "<module 'wandb' (wandb-compat: dual mode, Pluto credentials from PLUTO_API_KEY"
    )
    assert result == {"ours": "ours", "theirs": None, "gone": False, "back": True, "submodule": True}


def test_command_line(real: Environment) -> None:
    """`python -m wandb` is the real one's command line, and so is the script `wandb`."""
    version = real.evaluate("import wandb; result['version'] = wandb.__version__", **KEY)["version"]
    assert real.run("-m", "wandb", "--version", **KEY).stdout == f"python -m wandb, version {version}\n"
    script = real.python.with_name("wandb.exe" if sys.platform == "win32" else "wandb")
    assert real.run(str(script), "--version", **KEY).stdout == f"wandb, version {version}\n"
