"""What every interpreter of the environment pays for, and how pluto-ml's own start-up hook stands down."""

from pathlib import Path

import pytest

from tests.helpers.environments import OURS, REAL, Environments, uv
from wandb_compat.server.serve import Running

KEY = {"PLUTO_API_KEY": "mlpi_a_key_of_nobody"}


def test_start_loads_next_to_nothing(environment: Environments) -> None:
    """An interpreter with wandb-compat and pluto-ml's hook installed loads a few small modules of ours and no other."""
    modules = "import sys; told['modules'] = sorted(sys.modules)"
    bare = environment().tell(modules)["modules"]
    ours = environment(OURS).tell(modules)["modules"]
    assert (environment(OURS).site / "zzzz_pluto_wandb_hook.pth").exists()
    stand_ins = {"pluto", "pluto._wandb_hook"}
    assert {*ours} - {*bare} == {
        "wandb_compat",
        "wandb_compat.startup",
        "wandb_compat.import_hook",
        "wandb_compat.import_hook.lazy_module",
        "wandb_compat.import_hook.switch",
    } | stand_ins


def test_pluto_is_not_loaded_until_used(environment: Environments) -> None:
    """`import pluto` costs nothing before the first use of a name; then it is the whole package, at its place."""
    told = environment(OURS).tell("""
        import sys
        import pluto
        told["before"] = "pluto.op" in sys.modules
        pluto.Image
        told["after"] = "pluto.op" in sys.modules
        told["type"] = type(pluto).__name__
        told["all"] = [name for name in pluto.__all__ if not hasattr(pluto, name)]
    """)
    assert told == {"before": False, "after": True, "type": "module", "all": []}


@pytest.mark.parametrize(
    "use",
    [
        "import pluto.query; assert pluto.query is sys.modules['pluto.query'] is pluto.init.__globals__['pluto'].query",
        "from pluto import Image, query; assert Image is sys.modules['pluto.file'].Image",
        "from pluto.query import Client; import pluto; assert pluto.query.Client is Client",
        "from pluto import *; assert callable(init)",
        "import pluto; assert pluto.__version__ == importlib.metadata.version('pluto-ml')",
        "import pluto; pluto.log = 'mine'; assert pluto.log == 'mine' and callable(pluto.init)",
        "import pluto; assert 'Image' in dir(pluto)",
        "import pluto; importlib.reload(pluto); assert pluto.Image",
        "import pluto; pluto.Image; importlib.reload(pluto); assert pluto.Image",
        "import pluto; assert inspect.getsource(pluto) and not hasattr(pluto, '__wrapped__')",
        "spec = importlib.util.find_spec('pluto'); assert spec.origin.endswith('__init__.py'); importlib.reload",
        "spec = importlib.util.find_spec('pluto.query'); assert spec.origin.endswith('query.py')",
        "from pluto.sets import Settings; assert type(pickle.loads(pickle.dumps(Settings()))) is Settings",
        "from pluto._wandb_hook import _PlutoWandbFinder; assert _PlutoWandbFinder().find_spec('os') is None",
        "import pluto; assert not hasattr(pluto, 'no_such_name')",
    ],
)
def test_pluto_is_whole(environment: Environments, use: str) -> None:
    """Whatever a program does with pluto-ml's package works as without us."""
    environment(OURS).run("-c", f"import importlib.metadata, importlib.util, inspect, pickle, sys\n{use}")


@pytest.mark.parametrize("switch", [0.005, 0.0001, 0.00001, 0.00001])
def test_many_threads_use_pluto_first(environment: Environments, switch: float) -> None:
    """Threads that use pluto first at the same moment, each in its own way, all get the one package."""
    environment(OURS).run(
        "-c",
        f"""if True:
        import sys, threading
        import pluto
        sys.setswitchinterval({switch})
        ways = ["pluto.Image", "__import__('pluto.query')", "__import__('pluto.sets').sets.Settings", "dir(pluto)"]
        start, failed = threading.Barrier(8), []
        def use(way):
            start.wait()
            try:
                eval(way)
            except BaseException as error:
                failed.append((way, error))
        threads = [threading.Thread(target=use, args=(way,)) for way in ways * 2]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert not failed, failed
        assert pluto.query is sys.modules["pluto.query"] and pluto.Image is sys.modules["pluto.file"].Image
        """,
    )


def test_real_wandb_is_not_patched_by_plutos_hook(environment: Environments) -> None:
    """With Pluto credentials and the hook installed, `wandb.init` is the real one's: no value can arrive twice."""
    told = environment(REAL, OURS).tell(
        """
        import sys
        import wandb
        told["init"] = wandb.init.__module__
        told["patches"] = "pluto.compat.wandb" in sys.modules
        told["pluto"] = "pluto.op" in sys.modules
        told["finders"] = [type(finder).__module__ for finder in sys.meta_path if not isinstance(finder, type)]
        """,
        **KEY,
    )
    finders = told.pop("finders")
    assert told == {"init": "wandb.sdk.wandb_init", "patches": False, "pluto": False}
    assert finders[0] == "wandb_compat.startup"
    assert "pluto._wandb_hook" not in finders


def test_hook_that_was_faster_is_taken_out(environment: Environments) -> None:
    """A hook of pluto-ml that was active before ours, as one of the user's own packages is, is uninstalled."""
    env = environment(REAL, OURS)
    told = env.tell(
        f"""
        import sys
        sys.path.append({str(env.site)!r})
        import pluto._wandb_hook
        pluto._wandb_hook.install()
        told["before"] = [type(finder).__name__ for finder in sys.meta_path][:1]
        import wandb_compat
        wandb_compat.install()
        wandb_compat.install()
        told["after"] = [type(finder).__name__ for finder in sys.meta_path][:1]
        told["left"] = "_PlutoWandbFinder" in [type(finder).__name__ for finder in sys.meta_path]
        told["installed"] = pluto._wandb_hook._hook_installed
        import wandb
        told["init"] = wandb.init.__module__
        """,
        "-S",
        **KEY,
    )
    assert told == {
        "before": ["_PlutoWandbFinder"],
        "after": ["Finder"],
        "left": False,
        "installed": False,
        "init": "wandb.sdk.wandb_init",
    }


@pytest.mark.parametrize("first", ["ours", "pluto's"])
def test_any_order_of_site_folders(environment: Environments, tmp_path: Path, first: str) -> None:
    """Whether ours or pluto-ml lies in the folder that Python reads first, pluto's hook stands down."""
    env = environment("pluto-ml")
    uv("pip", "install", "--quiet", "--no-deps", "--python", env.python, "--target", tmp_path, env.wheel)
    folders = [str(tmp_path), str(env.site)]
    told = env.tell(
        f"""
        import site, sys
        for folder in {folders if first == "ours" else folders[::-1]}:
            site.addsitedir(folder)
        finders = [type(finder).__name__ for finder in sys.meta_path]
        told["finders"] = [name for name in finders if name in ("Finder", "_PlutoWandbFinder")]
        told["pluto"] = "pluto.op" in sys.modules
        """,
        "-S",
    )
    assert told == {"finders": ["Finder"], "pluto": first == "pluto's"}


def test_each_value_arrives_once(environment: Environments, pluto_server: Running) -> None:
    """With pluto-ml's own hook installed and Pluto credentials, the server has each logged value once."""
    env = environment(OURS)
    script = """if True:
        import wandb
        with wandb.init(project="once", config={"a": 1}) as run:
            for step in range(20):
                run.log({"loss": step})
        """
    env.run("-c", script, **pluto_server.environment())
    told = env.tell(
        """
        import pluto.query
        runs = pluto.query.list_runs("once")
        told["runs"] = len(runs)
        rows = pluto.query.get_metrics("once", runs[0]["id"], ["loss"])
        told["values"] = [row["value"] for row in (rows.to_dict("records") if hasattr(rows, "to_dict") else rows)]
        """,
        **pluto_server.environment(),
    )
    assert told == {"runs": 1, "values": list(range(20))}


def test_somebody_elses_pluto_is_left_alone(environment: Environments) -> None:
    """A package called `pluto` without the hook is imported at once, as ever."""
    env = environment(OURS)
    folder = env.folder / "home" / "other"
    (folder / "pluto").mkdir(parents=True)
    (folder / "pluto" / "__init__.py").write_text("import sys; sys.planet = True")
    told = env.tell(
        f"""
        import sys
        [sys.modules.pop(name) for name in ("pluto", "pluto._wandb_hook")]
        sys.path.insert(0, {str(folder)!r})
        import pluto
        told["executed"] = hasattr(sys, "planet")
        told["type"] = type(pluto).__name__
        """
    )
    assert told == {"executed": True, "type": "module"}


def test_off_takes_everything_out_of_the_way(environment: Environments) -> None:
    """`WANDB_COMPAT=off`: the real wandb is a plain module, without it there is none, and pluto's hook does as ever."""
    plain = """
        import sys
        told["finders"] = [type(finder).__name__ for finder in sys.meta_path][:1]
        told["ours"] = "Finder" in [type(finder).__name__ for finder in sys.meta_path]
        try:
            import wandb
            told["type"] = type(wandb).__name__
            told["alias"] = "_wandb_real" in sys.modules
        except ModuleNotFoundError as error:
            told["missing"] = str(error)
        import importlib.metadata as metadata
        told["listed"] = [d.name for d in metadata.distributions(name="wandb")]
    """
    assert environment(REAL, OURS).tell(plain, WANDB_COMPAT="off") == {
        "finders": ["_PlutoWandbFinder"],
        "ours": False,
        "type": "module",
        "alias": False,
        "listed": ["wandb"],
    }
    assert environment(OURS).tell(plain, WANDB_COMPAT="off") == {
        "finders": ["_PlutoWandbFinder"],
        "ours": False,
        "missing": "No module named 'wandb'",
        "listed": [],
    }


def test_a_failing_start_costs_one_line(environment: Environments) -> None:
    """Whatever goes wrong at the start, the interpreter starts, and one line on stderr says why it is not active."""
    done = environment(OURS).run(
        "-c",
        "from wandb_compat import startup\n"
        "def fail(): raise OSError('disk on fire')\n"
        "startup.install = fail\n"
        "startup.enter()\n"
        "print('started')",
    )
    assert done.stdout == "started\n"
    assert done.stderr == "wandb-compat: not active: OSError('disk on fire')\n"


def test_a_failing_facade_leaves_the_real_wandb(environment: Environments) -> None:
    """When ours cannot be loaded, `import wandb` gives the real one as it is, and one line says so."""
    done = environment(REAL, OURS).run(
        "-c",
        "import sys; sys.modules['wandb_compat.config.credentials'] = None\n"
        "import wandb; print(type(wandb), wandb.run)",
    )
    assert done.stdout == "<class 'module'> None\n"
    assert done.stderr.startswith("wandb-compat: wandb is left alone: ")
    assert len(done.stderr.splitlines()) == 1
