"""What every interpreter of the environment loads at its start, and how pluto-ml's own hook is disabled."""

from pathlib import Path

import pytest

from tests.helpers.environments import OURS, REAL, Environments, uv
from wandb_compat.server.serve import Running

KEY = {"PLUTO_API_KEY": "mlpi_a_key_of_nobody"}


def test_start_loads_next_to_nothing(environment: Environments) -> None:
    """An interpreter with wandb-compat and pluto-ml's hook installed loads a few small modules of ours and no other."""
    modules = "import sys; result['modules'] = sorted(sys.modules)"
    bare = environment().evaluate(modules)["modules"]
    ours = environment(OURS).evaluate(modules)["modules"]
    assert (environment(OURS).site / "zzzz_pluto_wandb_hook.pth").exists()
    stand_ins = {"pluto", "pluto._wandb_hook"}
    # From Python 3.13 on `site` itself loads encodings.utf_8_sig where it reads `.pth` files.
    assert {*ours} - {*bare} - {"encodings.utf_8_sig"} == {
        "wandb_compat",
        "wandb_compat.startup",
        "wandb_compat.import_hook",
        "wandb_compat.import_hook.lazy_module",
        "wandb_compat.import_hook.switch",
    } | stand_ins


def test_pluto_is_not_loaded_until_used(environment: Environments) -> None:
    """`import pluto` costs nothing before the first use of a name; then it is the whole package, at its place."""
    result = environment(OURS).evaluate("""
        import sys
        import pluto
        result["before"] = "pluto.op" in sys.modules
        pluto.Image
        result["after"] = "pluto.op" in sys.modules
        result["type"] = type(pluto).__name__
        result["all"] = [name for name in pluto.__all__ if not hasattr(pluto, name)]
    """)
    assert result == {"before": False, "after": True, "type": "module", "all": []}


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
    """Every use of pluto-ml's package works as without us."""
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
    result = environment(REAL, OURS).evaluate(
        """
        import sys
        import wandb
        result["init"] = wandb.init.__module__
        result["patches"] = "pluto.compat.wandb" in sys.modules
        result["pluto"] = "pluto.op" in sys.modules
        result["finders"] = [type(finder).__module__ for finder in sys.meta_path if not isinstance(finder, type)]
        """,
        **KEY,
    )
    finders = result.pop("finders")
    assert result == {"init": "wandb.sdk.wandb_init", "patches": False, "pluto": False}
    assert finders[0] == "wandb_compat.startup"
    assert "pluto._wandb_hook" not in finders


def test_hook_that_was_installed_earlier_is_removed(environment: Environments) -> None:
    """A hook of pluto-ml that was installed before ours is uninstalled."""
    env = environment(REAL, OURS)
    result = env.evaluate(
        f"""
        import sys
        sys.path.append({str(env.site)!r})
        import pluto._wandb_hook
        pluto._wandb_hook.install()
        result["before"] = [type(finder).__name__ for finder in sys.meta_path][:1]
        import wandb_compat
        wandb_compat.install()
        wandb_compat.install()
        result["after"] = [type(finder).__name__ for finder in sys.meta_path][:1]
        result["left"] = "_PlutoWandbFinder" in [type(finder).__name__ for finder in sys.meta_path]
        result["installed"] = pluto._wandb_hook._hook_installed
        import wandb
        result["init"] = wandb.init.__module__
        """,
        "-S",
        **KEY,
    )
    assert result == {
        "before": ["_PlutoWandbFinder"],
        "after": ["Finder"],
        "left": False,
        "installed": False,
        "init": "wandb.sdk.wandb_init",
    }


@pytest.mark.parametrize("first", ["ours", "pluto's"])
def test_any_order_of_site_folders(environment: Environments, tmp_path: Path, first: str) -> None:
    """pluto-ml's hook is disabled, whether its directory is read before ours or after."""
    env = environment("pluto-ml")
    uv("pip", "install", "--quiet", "--no-deps", "--python", env.python, "--target", tmp_path, env.wheel)
    folders = [str(tmp_path), str(env.site)]
    result = env.evaluate(
        f"""
        import site, sys
        for folder in {folders if first == "ours" else folders[::-1]}:
            site.addsitedir(folder)
        finders = [type(finder).__name__ for finder in sys.meta_path]
        result["finders"] = [name for name in finders if name in ("Finder", "_PlutoWandbFinder")]
        result["pluto"] = "pluto.op" in sys.modules
        """,
        "-S",
    )
    assert result == {"finders": ["Finder"], "pluto": first == "pluto's"}


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
    result = env.evaluate(
        """
        import pluto.query
        runs = pluto.query.list_runs("once")
        result["runs"] = len(runs)
        rows = pluto.query.get_metrics("once", runs[0]["id"], ["loss"])
        result["values"] = [row["value"] for row in (rows.to_dict("records") if hasattr(rows, "to_dict") else rows)]
        """,
        **pluto_server.environment(),
    )
    assert result == {"runs": 1, "values": list(range(20))}


def test_an_unrelated_pluto_is_left_alone(environment: Environments) -> None:
    """A package called `pluto` without the hook is imported at once, as without us."""
    env = environment(OURS)
    folder = env.folder / "home" / "other"
    (folder / "pluto").mkdir(parents=True)
    (folder / "pluto" / "__init__.py").write_text("import sys; sys.planet = True")
    result = env.evaluate(
        f"""
        import sys
        [sys.modules.pop(name) for name in ("pluto", "pluto._wandb_hook")]
        sys.path.insert(0, {str(folder)!r})
        import pluto
        result["executed"] = hasattr(sys, "planet")
        result["type"] = type(pluto).__name__
        """
    )
    assert result == {"executed": True, "type": "module"}


OFF = {"WANDB_COMPAT": "off", **KEY}


def test_off_leaves_plain_modules(environment: Environments) -> None:
    """`WANDB_COMPAT=off`: the real wandb is a plain module, missing when it is not installed, and nothing is loaded."""
    script = """
        import sys
        result["pluto"] = "pluto.op" in sys.modules
        try:
            import wandb
            result["type"] = type(wandb).__name__
            result["alias"] = "_wandb_real" in sys.modules
        except ModuleNotFoundError as error:
            result["missing"] = str(error)
        import importlib.metadata as metadata
        result["listed"] = [d.name for d in metadata.distributions(name="wandb")]
        result["hooks"] = "_PlutoWandbFinder" in [type(finder).__name__ for finder in sys.meta_path]
        result["loaded"] = [name for name in sys.modules if name in ("pluto.op", "wandb_compat.import_hook.facade")]
        import pluto
        result["usable"] = callable(pluto.init)
    """
    expected = {"pluto": False, "hooks": False, "loaded": [], "usable": True}
    assert environment(REAL, OURS).evaluate(script, **OFF) == {
        **expected,
        "type": "module",
        "alias": False,
        "listed": ["wandb"],
    }
    assert environment(OURS).evaluate(script, **OFF) == {
        **expected,
        "missing": "No module named 'wandb'",
        "listed": [],
    }


def test_off_leaves_runs_of_the_real_wandb_alone(environment: Environments) -> None:
    """`WANDB_COMPAT=off` with a Pluto key: pluto-ml's own hook patches nothing, and a run of wandb works."""
    result = environment(REAL, OURS).evaluate(
        """
        import sys
        import wandb
        run = wandb.init(mode="offline")
        run.log({"loss": 1})
        result["finish"] = run.finish()
        result["patches"] = "pluto.compat.wandb" in sys.modules
        result["ours"] = [name for name in sys.modules if name.startswith("wandb_compat.dual")]
        """,
        **OFF,
    )
    assert result == {"finish": None, "patches": False, "ours": []}


def test_off_is_final_for_a_process(environment: Environments) -> None:
    """A process that was started with `WANDB_COMPAT=off` gets the real wandb, also after the variable is removed."""
    script = "import os; del os.environ['WANDB_COMPAT']; import wandb; result['type'] = type(wandb).__name__"
    assert environment(REAL, OURS).evaluate(script, **OFF) == {"type": "module"}


@pytest.mark.parametrize(
    "steps", ["start", "pth start", "start pth", "pluto start", "pluto pth start", "pth pluto start", "start pluto"]
)
def test_start_file_of_later_pythons(environment: Environments, steps: str) -> None:
    """Python 3.15 reads `wandb_compat.start`: beside the `.pth` file or alone, before or after pluto-ml's hook."""
    env = environment(REAL, OURS)
    (entry,) = (env.site / "wandb_compat.start").read_text().split()
    lines = {
        "start": f"import pkgutil; pkgutil.resolve_name({entry!r})()",
        "pth": (env.site / "wandb_compat.pth").read_text().strip(),
        "pluto": (env.site / "zzzz_pluto_wandb_hook.pth").read_text().strip(),
    }
    result = env.evaluate(
        "\n".join(
            [
                f"import sys; sys.path.append({str(env.site)!r})",
                *(lines[step] for step in steps.split()),
                "finders = [type(finder).__name__ for finder in sys.meta_path]",
                "result['finders'] = [name for name in finders if name in ('Finder', '_PlutoWandbFinder')]",
                "import wandb; result['init'] = wandb.init.__module__",
            ]
        ),
        "-S",
        **KEY,
    )
    assert result == {"finders": ["Finder"], "init": "wandb.sdk.wandb_init"}


def test_a_failing_start_costs_one_line(environment: Environments) -> None:
    """An error at the start costs one line on stderr; the interpreter starts."""
    done = environment(OURS).run(
        "-c",
        "from wandb_compat import startup\n"
        "def fail(**options): raise OSError('disk on fire')\n"
        "startup.install = fail\n"
        "startup.enter()\n"
        "print('started')",
    )
    assert done.stdout == "started\n"
    assert done.stderr == "wandb-compat: not active: OSError('disk on fire')\n"


def test_a_failing_facade_leaves_the_real_wandb(environment: Environments) -> None:
    """When ours cannot be loaded, `import wandb` gives the real one as it is, and one line names the reason."""
    done = environment(REAL, OURS).run(
        "-c",
        "import sys; sys.modules['wandb_compat.config.credentials'] = None\n"
        "import wandb; print(type(wandb), wandb.run)",
    )
    assert done.stdout == "<class 'module'> None\n"
    assert done.stderr.startswith("wandb-compat: wandb is left alone: ")
    assert len(done.stderr.splitlines()) == 1
