"""Which `wandb` a script gets, when that is decided, and how the script can see it."""

from pathlib import Path

import pytest

from tests.helpers.environments import OURS, REAL, Environment, Environments, uv

KEY = {"PLUTO_API_KEY": "mlpi_a_key_of_nobody"}
DISABLED = {"DISABLE_WANDB_LOGGING": "true"}


@pytest.fixture
def alone(environment: Environments) -> Environment:
    """Ours without the real wandb."""
    return environment(OURS)


@pytest.fixture
def beside(environment: Environments) -> Environment:
    """Ours and the real wandb."""
    return environment(REAL, OURS)


LOOK = """
import importlib.util, sys
spec = importlib.util.find_spec("wandb")
result["found"] = [spec.origin, *spec.submodule_search_locations]
import wandb
result["before"] = repr(wandb)
result["version"] = wandb.__version__
result["repr"] = repr(wandb)
result["spec"] = [wandb.__spec__.origin, *wandb.__path__]
result["file"] = wandb.__file__
result["sources"] = "__version__" in __import__("inspect").getsource(wandb)
result["deep"] = __import__("wandb.sdk.wandb_run").sdk.wandb_run.__file__
result["one"] = wandb.sdk is sys.modules["wandb.sdk"] and wandb.Run is sys.modules["wandb.sdk.wandb_run"].Run
result["real"] = "_wandb_real" in sys.modules
"""


@pytest.mark.parametrize(
    ("installed", "variables", "mode", "reason"),
    [
        ([OURS], {}, "pluto", "no real wandb is installed"),
        ([OURS], KEY, "pluto", "no real wandb is installed"),
        ([REAL, OURS], {}, "wandb", "no Pluto credentials were found"),
        ([REAL, OURS], KEY, "dual", "Pluto credentials from PLUTO_API_KEY, real wandb at "),
        ([REAL, OURS], {"WANDB_API_KEY": "mlpi_a_key"}, "wandb", "no Pluto credentials were found"),
        ([REAL, OURS], {"DISABLE_WANDB_LOGGING": "no"}, "wandb", "no Pluto credentials were found"),
        ([REAL, OURS], DISABLED, "pluto", "DISABLE_WANDB_LOGGING is set"),
        ([REAL, OURS], {"DISABLE_WANDB_LOGGING": "1"}, "pluto", "DISABLE_WANDB_LOGGING is set"),
        ([REAL, OURS], {"DISABLE_WANDB_LOGGING": "Yes"}, "pluto", "DISABLE_WANDB_LOGGING is set"),
        ([REAL, OURS], {"DISABLE_WANDB_LOGGING": "ON", **KEY}, "pluto", "DISABLE_WANDB_LOGGING is set"),
    ],
)
def test_mode(
    environment: Environments, installed: list[str], variables: dict[str, str], mode: str, reason: str
) -> None:
    """Installed packages, credentials and DISABLE_WANDB_LOGGING decide; the repr names mode and reason."""
    env = environment(*installed)
    result = env.evaluate(LOOK, **variables)
    package = env.dropin / "wandb" if mode == "pluto" else env.site / "wandb"
    place = [str(package / "__init__.py"), str(package)]
    assert result["repr"] == result["before"]
    assert result["repr"].startswith(f"<module 'wandb' (wandb-compat: {mode} mode, {reason}")
    assert result["found"] == result["spec"] == place
    assert result["file"] == place[0]
    assert result["deep"] == str(package / "sdk" / "wandb_run.py")
    assert result["version"].startswith("0.31.")
    assert result["sources"] and result["one"]
    assert result["real"] == (mode != "pluto")


def test_current_agrees_with_the_repr(beside: Environment) -> None:
    """`mode.current()` is the mode of the repr before the import, after it and after the first use."""
    result = beside.evaluate(
        """
        import os
        from wandb_compat.import_hook import mode
        result["none"] = mode.current()
        import wandb
        result["undecided"] = mode.current()
        wandb.run
        os.environ["DISABLE_WANDB_LOGGING"] = "true"
        result["decided"] = mode.current()
        del os.environ["PLUTO_API_KEY"]
        result["without a key"] = mode.current()[0]
        """,
        **KEY,
    )
    assert result["none"] == result["undecided"] == result["decided"]
    assert (result["decided"][0], result["without a key"]) == ("dual", "wandb")


def test_decided_at_the_first_use(beside: Environment) -> None:
    """What a script sets between `import wandb` and the first use of a name still counts; later it does not."""
    result = beside.evaluate("""
        import os
        import sys
        import wandb
        result["loaded"] = [name for name in sys.modules if name.startswith(("wandb.", "_wandb", "pydantic"))]
        os.environ["DISABLE_WANDB_LOGGING"] = "true"
        wandb.init
        result["first"] = repr(wandb)
        del os.environ["DISABLE_WANDB_LOGGING"]
        wandb.finish
        result["later"] = repr(wandb)
    """)
    assert result["loaded"] == []
    assert (
        result["first"]
        == result["later"]
        == "<module 'wandb' (wandb-compat: pluto mode, DISABLE_WANDB_LOGGING is set)>"
    )


def test_switched_off_before_the_first_use(beside: Environment, alone: Environment) -> None:
    """WANDB_COMPAT=off after `import wandb` gives the real one, and without it a ModuleNotFoundError that says why."""
    script = "import os, wandb; os.environ['WANDB_COMPAT'] = 'off'; print(wandb.init.__code__.co_filename, wandb)"
    out = beside.run("-c", script, **DISABLED).stdout
    assert out.startswith(str(beside.site / "wandb"))
    assert "wandb-compat: off mode, WANDB_COMPAT=off" in out
    error = alone.run("-c", script, code=1).stderr
    assert "ModuleNotFoundError: No module named 'wandb' (wandb-compat: off mode, WANDB_COMPAT=off; install" in error


@pytest.mark.parametrize(
    "use", ["wandb.init", "from wandb import init", "import wandb.sdk", "dir(wandb)", "wandb.run = None"]
)
def test_what_counts_as_use(beside: Environment, use: str) -> None:
    """Names, submodules, `from` imports, listing and setting are uses; what tools read of every module is not a use."""
    result = beside.evaluate(f"""
        import sys
        import wandb
        [getattr(module, "__warningregistry__", None) for module in list(sys.modules.values())]
        [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        repr(wandb), wandb.__spec__, wandb.__name__, wandb.__doc__, hasattr(wandb, "__wrapped__")
        result["before"] = "_wandb_real" in sys.modules
        {use}
        result["after"] = "_wandb_real" in sys.modules
    """)
    assert result == {"before": False, "after": True}


RUN = """
import os
import wandb
for _ in range(2):
    with wandb.init(project="p", mode={mode!r}, settings=wandb.Settings(silent={silent})):
        pass
"""
HINT = "wandb: This run is not sent to Pluto: run `wandb-compat login`, or set PLUTO_API_KEY"


@pytest.mark.parametrize(
    ("mode", "silent", "variables", "times"),
    [
        ("offline", False, {}, 1),
        ("offline", True, {}, 0),
        ("offline", False, {"WANDB_SILENT": "true"}, 0),
        ("disabled", False, {}, 0),
        ("offline", False, KEY, 0),
    ],
)
def test_hint(beside: Environment, mode: str, silent: bool, variables: dict[str, str], times: int) -> None:
    """Without Pluto credentials the first run says once how to log in; silent and disabled runs do not."""
    done = beside.run("-c", RUN.format(mode=mode, silent=silent), **variables)
    assert done.stderr.count(HINT) == times


def test_disabling_wandb_too_late_is_reported(beside: Environment) -> None:
    """DISABLE_WANDB_LOGGING set after the first use of wandb causes a warning."""
    done = beside.run(
        "-c",
        "import os, wandb; wandb.login; os.environ['DISABLE_WANDB_LOGGING'] = 'true'\n"
        "wandb.init(project='p', mode='offline').finish()",
    )
    assert "wandb: WARNING DISABLE_WANDB_LOGGING was set after the first use of wandb" in done.stderr


def test_missing_wandb_key_in_dual_mode(beside: Environment) -> None:
    """wandb's own error stays as it is; a line after it names the cause and the two ways out; doctor says it too."""
    begin = "import wandb\ntry:\n    wandb.init(project='p')\nexcept wandb.errors.UsageError as error:\n    "
    script = f"{begin}print(str(error), type(error).__name__)\n    raise"
    hint = "dual mode is active because the real wandb is installed, and it has no wandb key"
    done = beside.run("-c", script, code=1, **KEY)
    assert done.stdout == "No API key configured. Use `wandb login` to log in. UsageError\n"
    assert hint in done.stderr and "DISABLE_WANDB_LOGGING=true" in done.stderr
    assert hint not in beside.run("-c", script, code=1).stderr  # wandb mode
    assert f"problem  {hint}" in beside.run("-m", "wandb_compat", "doctor", code=1, **KEY).stdout
    offline = beside.run("-m", "wandb_compat", "doctor", code=1, WANDB_MODE="offline", **KEY).stdout
    assert hint not in offline


@pytest.mark.parametrize("variables", [{}, KEY, DISABLED], ids=["wandb", "dual", "pluto"])
def test_attributes_are_plain(beside: Environment, variables: dict[str, str]) -> None:
    """Names can be set, deleted and patched as in any module, and an absent one raises AttributeError naming wandb."""
    beside.run(
        "-c",
        """if True:
        from unittest import mock
        import wandb
        import wandb.sdk
        init, log = wandb.init, wandb.log
        wandb.config = {"a": 1}
        assert wandb.config == {"a": 1}
        wandb.mine = 1
        from wandb import mine
        del wandb.mine
        assert not hasattr(wandb, "mine")
        for name in ("init", "run", "log", "Api", "sdk"):
            before = getattr(wandb, name)
            with mock.patch(f"wandb.{name}") as fake:
                assert getattr(wandb, name) is fake
            assert getattr(wandb, name) is before, name
        with mock.patch.dict("sys.modules", {"wandb": None}):
            try:
                import wandb as gone
                raise AssertionError
            except ModuleNotFoundError:
                pass
        try:
            wandb.no_such_name
        except AttributeError as error:
            assert "'wandb'" in str(error) and "'no_such_name'" in str(error), error
        try:
            from wandb import no_such_name
        except ImportError as error:
            assert "'no_such_name' from 'wandb'" in str(error), error
        assert {"init", "log", "Table", "config"} <= {*dir(wandb)}
        """,
        **variables,
    )


@pytest.mark.parametrize("variables", [{}, DISABLED], ids=["wandb", "pluto"])
def test_reload_and_fresh_import(beside: Environment, variables: dict[str, str]) -> None:
    """A reload keeps the module and the namespace; a fresh import after a purge is whole again."""
    beside.run(
        "-c",
        """if True:
        import importlib, sys
        import wandb
        importlib.reload(wandb)
        wandb.config = {}
        text = repr(wandb)
        assert importlib.reload(wandb) is wandb and wandb.config != {} and repr(wandb) == text
        import wandb.sdk.wandb_run
        old = wandb
        for name in [name for name in sys.modules if name.partition(".")[0] == "wandb"]:
            del sys.modules[name]
        import wandb
        import wandb.sdk.wandb_run
        assert wandb is not old and wandb.Run is sys.modules["wandb.sdk.wandb_run"].Run is not old.Run
        """,
        **variables,
    )


@pytest.mark.parametrize("variables", [{}, DISABLED], ids=["wandb", "pluto"])
def test_many_threads_use_wandb_first(beside: Environment, variables: dict[str, str]) -> None:
    """Threads that use `wandb` first at the same moment, each in its own way, all get the one namespace."""
    beside.run(
        "-c",
        """if True:
        import sys, threading
        import wandb
        sys.setswitchinterval(0.0001)
        ways = ["wandb.init", "__import__('wandb.sdk.wandb_run')", "__import__('wandb.util')", "dir(wandb)",
                "__import__('wandb', fromlist=['Table']).Table", "__import__('wandb.errors').errors.Error"]
        start, failed = threading.Barrier(12), []
        def use(way):
            start.wait()
            try:
                eval(way)
            except BaseException as error:
                failed.append((way, repr(error)))
        threads = [threading.Thread(target=use, args=(way,)) for way in ways * 2]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert not failed, failed
        assert wandb.Run is sys.modules["wandb.sdk.wandb_run"].Run
        assert wandb.Error is sys.modules["wandb.errors"].Error
        """,
        **variables,
    )


def test_failed_first_use_can_be_tried_again(beside: Environment) -> None:
    """When the real top level raises, the exception reaches the script, and the next use tries again."""
    beside.run(
        "-c",
        """if True:
        import sys
        import wandb
        sys.modules["wandb.errors"] = None
        try:
            wandb.init
            raise AssertionError
        except ImportError:
            pass
        del sys.modules["wandb.errors"]
        assert wandb.init.__module__ == "wandb.sdk.wandb_init"
        """,
    )


class TestWithoutStartUpFile:
    """Ways in where `.pth` files are not read."""

    @pytest.mark.parametrize("variables", [{}, KEY, DISABLED], ids=["wandb", "dual", "pluto"])
    def test_pythonpath(self, beside: Environment, variables: dict[str, str]) -> None:
        """`PYTHONPATH` to the drop-in directory has the effect of the start-up file, in each mode."""
        with_file = beside.evaluate(LOOK, **variables)
        path_only = beside.evaluate(
            LOOK.replace("import importlib.util, sys", "import importlib.util, sys, wandb"),
            "-S",
            PYTHONPATH=str(beside.dropin),
            **variables,
        )
        assert {name: with_file[name] for name in path_only} == path_only

    def test_pythonpath_alone(self, alone: Environment) -> None:
        """It has that effect without the real wandb too."""
        result = alone.evaluate(LOOK, "-S", PYTHONPATH=str(alone.dropin))
        assert result["repr"] == "<module 'wandb' (wandb-compat: pluto mode, no real wandb is installed)>"
        assert result["deep"] == str(alone.dropin / "wandb" / "sdk" / "wandb_run.py")

    def test_pythonpath_is_decided_at_the_first_use_too(self, beside: Environment) -> None:
        """A script may set DISABLE_WANDB_LOGGING after `import wandb` here too."""
        result = beside.evaluate(
            """
            import os
            import wandb
            os.environ["DISABLE_WANDB_LOGGING"] = "true"
            result["file"] = wandb.init.__code__.co_filename
            """,
            "-S",
            PYTHONPATH=str(beside.dropin),
        )
        assert Path(result["file"]).is_relative_to(beside.dropin)

    def test_pythonpath_switched_off(self, beside: Environment, alone: Environment) -> None:
        """`WANDB_COMPAT=off` works here too: the real wandb as it is, or a ModuleNotFoundError without it."""
        off = {"WANDB_COMPAT": "off", "PYTHONPATH": f"{beside.dropin}:{beside.site}"}
        result = beside.evaluate(
            "import wandb; result['type'] = type(wandb).__name__; result['file'] = wandb.__file__", "-S", **off
        )
        assert result == {"type": "module", "file": str(beside.site / "wandb" / "__init__.py")}
        failed = alone.run("-S", "-c", "import wandb", code=1, WANDB_COMPAT="off", PYTHONPATH=str(alone.dropin))
        assert "No module named 'wandb' (wandb-compat: off mode, WANDB_COMPAT=off" in failed.stderr

    def test_wandb_compat_run(self, beside: Environment) -> None:
        """`wandb-compat run` sets that path for a command."""
        line = ["run", "--", str(beside.python), "-S", "-c", "import wandb; print(wandb)"]
        assert "wandb-compat: dual mode" in beside.run("-m", "wandb_compat", *line, **KEY).stdout

    def test_target_folder(self, environment: Environments, tmp_path: Path) -> None:
        """In a directory made with `pip install --target` a relative path to the drop-in is enough."""
        env = environment()
        uv("pip", "install", "--quiet", "--python", env.python, "--target", tmp_path / "deps", env.wheel)
        result = env.evaluate(LOOK, cwd=tmp_path, PYTHONPATH="deps/wandb_compat/dropin")
        assert result["repr"] == "<module 'wandb' (wandb-compat: pluto mode, no real wandb is installed)>"

    @pytest.mark.parametrize("variables", [{}, DISABLED], ids=["wandb", "pluto"])
    def test_from_a_zip(self, beside: Environment, variables: dict[str, str]) -> None:
        """`install()` works when wandb_compat itself is in a zip file on the path."""
        result = beside.evaluate(
            f"import sys; sys.path += [{str(beside.wheel)!r}, {str(beside.site)!r}]\n"
            "import wandb_compat; wandb_compat.install(); import wandb; wandb.init\n"
            "result['repr'] = repr(wandb); result['file'] = wandb.__file__",
            "-S",
            **variables,
        )
        assert result["repr"].startswith(f"<module 'wandb' (wandb-compat: {'pluto' if variables else 'wandb'} mode")
        assert result["file"].startswith(str(beside.wheel if variables else beside.site))

    def test_install(self, beside: Environment) -> None:
        """An explicit `wandb_compat.install()` has that effect too, and may be repeated."""
        result = beside.evaluate(
            f"import sys; sys.path.append({str(beside.site)!r}); import wandb_compat\n"
            "wandb_compat.install(); wandb_compat.install()\n"
            "result['finders'] = [type(finder).__name__ for finder in sys.meta_path].count('Finder')\n" + LOOK,
            "-S",
            **KEY,
        )
        assert result["finders"] == 1
        assert "wandb-compat: dual mode" in result["repr"]

    def test_install_after_the_import(self, beside: Environment) -> None:
        """`install()` after `import wandb` warns that it is too late, and names the file of wandb."""
        done = beside.run(
            "-S",
            "-c",
            f"import sys; sys.path.append({str(beside.site)!r}); import wandb, wandb_compat; wandb_compat.install()",
        )
        assert "RuntimeWarning: wandb was imported before wandb_compat.install(), from" in done.stderr
        assert str(beside.site / "wandb" / "__init__.py") in done.stderr

    def test_isolated(self, beside: Environment) -> None:
        """`python -I` reads start-up files, so the mode is the same."""
        assert "wandb-compat: wandb mode" in beside.evaluate(LOOK, "-I")["repr"]


class TestNamesakes:
    """Other modules and directories called wandb that precede ours on the path."""

    @pytest.fixture(params=[{}, DISABLED], ids=["wandb", "pluto"])
    def variables(self, request: pytest.FixtureRequest) -> dict[str, str]:
        return dict(request.param)

    def test_run_folder(self, beside: Environment, tmp_path: Path, variables: dict[str, str]) -> None:
        """A directory `wandb/` that runs have left in the working directory changes nothing and causes no message."""
        (tmp_path / "wandb" / "run-20200101_000000-abc").mkdir(parents=True)
        (tmp_path / "train.py").write_text("import wandb; print(wandb.init.__module__)")
        done = beside.run("train.py", cwd=tmp_path, **variables)
        assert done.stdout == "wandb.sdk.wandb_init\n"
        assert done.stderr == ""

    @pytest.mark.parametrize("name", ["wandb.py", "wandb/__init__.py"])
    def test_module_of_the_user(
        self, beside: Environment, tmp_path: Path, variables: dict[str, str], name: str
    ) -> None:
        """A user's module `wandb` earlier on the path is not imported, and one warning names it."""
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("raise SystemExit('the wrong one')")
        (tmp_path / "train.py").write_text("import wandb; print(wandb.init.__module__); import wandb.sdk; wandb.log")
        done = beside.run("train.py", cwd=tmp_path, **variables)
        assert done.stdout == "wandb.sdk.wandb_init\n"
        assert done.stderr.count(f"wandb: WARNING {tmp_path / name} is not imported") == 1
