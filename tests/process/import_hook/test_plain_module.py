"""`wandb` and `pluto` are plain modules for every tool, in every mode, before their first use and after it."""

import json
from collections.abc import Callable
from functools import cache

import pytest

from tests.helpers.environments import OURS, REAL, Environment, Environments

KEY = {"PLUTO_API_KEY": "mlpi_a_key_of_no_server", "PLUTO_MODE": "offline", "WANDB_SILENT": "true"}
TOOLS = ("cloudpickle", "dill", "joblib", "dask[distributed]")
MODES = {"pluto": {**KEY, "DISABLE_WANDB_LOGGING": "true"}, "dual": KEY, "wandb": {"WANDB_SILENT": "true"}}
FIRST_USES = {"unused": "", "used": "wandb.init; wandb.Table; pluto.Image"}

CHECKS = (
    "import cloudpickle; assert cloudpickle.loads(cloudpickle.dumps(work))() is wandb.init",
    "import dill; assert dill.loads(dill.dumps(work, recurse=True))() is wandb.init",
    "import dill; assert dill.loads(dill.dumps(wandb)) is wandb",
    "import cloudpickle; assert cloudpickle.loads(cloudpickle.dumps([wandb, pluto])) == [wandb, pluto]",
    "import pickle; assert pickle.loads(pickle.dumps(wandb)) is wandb",
    "import copyreg; copyreg.pickle(types.ModuleType, lambda module: (str, (module.__name__,)));"
    "import pickle; assert pickle.loads(pickle.dumps(wandb)) == 'wandb'",
    "import copy; assert copy.copy(wandb) is wandb and copy.deepcopy({'w': wandb})['w'] is wandb",
    "import inspect; assert inspect.ismodule(wandb) and inspect.getsourcefile(wandb) == wandb.__file__",
    "import inspect; assert dict(inspect.getmembers(wandb))['Run'] is wandb.Run and inspect.getmodule(work)",
    "import doctest; doctest.testmod(wandb, optionflags=doctest.SKIP)",
    "import importlib; assert importlib.reload(wandb) is wandb and callable(wandb.init)",
    "import importlib; assert importlib.reload(pluto) is pluto and pluto.Image",
    "from unittest import mock\nwith mock.patch('wandb.init') as fake: assert wandb.init is fake",
    "from unittest import mock\nwith mock.patch.object(wandb, 'log') as fake: assert wandb.log is fake",
    "from unittest import mock\nassert mock.create_autospec(wandb.finish)",
    "import pkgutil; names = {one.name for one in pkgutil.iter_modules(wandb.__path__, 'wandb.')};"
    "assert {'wandb.sdk', 'wandb.util'} <= names",
    "import pydoc; assert 'wandb' in pydoc.render_doc(wandb, renderer=pydoc.plaintext)[:200]",
    "import weakref; assert weakref.ref(wandb)() is wandb and {wandb: 1}[wandb] == 1 and bool(wandb)",
    "assert isinstance(wandb, types.ModuleType) and isinstance(pluto, types.ModuleType)",
    "assert vars(wandb)['__name__'] == wandb.__name__ == wandb.__spec__.name == 'wandb'",
    "assert not hasattr(wandb, 'no_such_name') and not hasattr(wandb, '__no_such_name__')",
    "import rlcompleter; found = rlcompleter.Completer(globals()).attr_matches('wandb.ini');"
    "assert any(name.startswith('wandb.init') for name in found)",
)
# Each check is made in a fork, which finds `wandb` as unused or used as in an interpreter that has just done no more.
EACH_IN_A_FORK = """
import os, sys, traceback
for number, check in enumerate(CHECKS):
    if os.fork() == 0:
        try:
            exec(check, globals())
            text = "passed"
        except BaseException:
            text = traceback.format_exc()
        os.write(1, f"{json.dumps([number, text])}\\n".encode())
        os._exit(0)
    os.wait()
"""


@pytest.fixture
def tools(environment: Environments) -> Environment:
    """Ours, the real wandb, and tools that send functions to other processes."""
    return environment(REAL, OURS, *TOOLS)


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> dict[str, str]:
    """The variables of each mode."""
    return dict(MODES[request.param])


@pytest.fixture(scope="module")
def outcomes(environment: Environments) -> Callable[[str, str], dict[str, str]]:
    """What came of each check, by mode and first use."""

    @cache
    def found(mode: str, use: str) -> dict[str, str]:
        begin = "import types\nimport pluto\nimport wandb\ndef work():\n    return wandb.init\n"
        code = f"{begin}{FIRST_USES[use]}\nimport json\nCHECKS = {CHECKS!r}\n{EACH_IN_A_FORK}"
        done = environment(REAL, OURS, *TOOLS).run("-c", code, seconds=300, **MODES[mode])
        checked = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
        return {CHECKS[number]: text for number, text in checked}

    return found


@pytest.mark.parametrize("use", FIRST_USES)
@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("mode_name", MODES)
def test_tools(outcomes: Callable[[str, str], dict[str, str]], mode_name: str, use: str, check: str) -> None:
    """Picklers, inspection, reload, mock, completion and the like work as with any module."""
    assert outcomes(mode_name, use)[check] == "passed"


@pytest.mark.parametrize("use", FIRST_USES.values(), ids=FIRST_USES)
def test_joblib(tools: Environment, mode: dict[str, str], use: str) -> None:
    """joblib's worker processes run a function of the main script that uses the global `wandb`."""
    result = tools.evaluate(
        f"""
        import pluto, wandb
        {use}
        from joblib import Parallel, delayed
        def work(number):
            with wandb.init(project="joblib", mode="offline") as run:
                run.log({{"x": number}})
            return number
        result["numbers"] = Parallel(n_jobs=2)(delayed(work)(number) for number in range(3))
        """,
        **mode,
    )
    assert result == {"numbers": [0, 1, 2]}


@pytest.mark.parametrize("use", FIRST_USES.values(), ids=FIRST_USES)
def test_dask(tools: Environment, mode: dict[str, str], use: str) -> None:
    """Dask's worker processes run a function of the main script that uses the global `wandb`."""
    result = tools.evaluate(
        f"""
        import pluto, wandb
        {use}
        def work(number):
            with wandb.init(project="dask", mode="offline") as run:
                run.log({{"x": number}})
            return number
        if __name__ == "__main__":
            from dask.distributed import Client, LocalCluster
            options = dict(n_workers=1, threads_per_worker=1, dashboard_address=None)
            with LocalCluster(**options) as cluster, Client(cluster) as client:
                result["numbers"] = client.gather(client.map(work, range(3)))
        """,
        **mode,
    )
    assert result == {"numbers": [0, 1, 2]}


@pytest.mark.parametrize("use", FIRST_USES.values(), ids=FIRST_USES)
def test_ray(environment: Environments, mode: dict[str, str], use: str) -> None:
    """Ray's workers run a function of the main script that uses the global `wandb`."""
    result = environment(REAL, OURS, "ray").evaluate(
        f"""
        import pluto, wandb
        {use}
        import ray
        @ray.remote
        def work(number):
            with wandb.init(project="ray", mode="offline") as run:
                run.log({{"x": number}})
            return number
        ray.init(num_cpus=1, include_dashboard=False, logging_level="error", object_store_memory=80_000_000)
        result["numbers"] = ray.get([work.remote(number) for number in range(3)])
        """,
        **mode,
    )
    assert result == {"numbers": [0, 1, 2]}
