"""Every check whether wandb is installed succeeds: in each mode, and in each layout of an installation."""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipapp
from pathlib import Path

import pytest

from tests.helpers.environments import OURS, UV, Environment, clean_environ, uv
from tests.helpers.frameworks.play import SCRIPTS, environment
from tests.helpers.frameworks.table import GROUPS

KEY = {"PLUTO_API_KEY": "mlpi_a_key_of_nobody"}
MODES = {
    "dual": ("dual", KEY),
    "wandb": ("dual", {}),
    "disabled": ("dual", {**KEY, "DISABLE_WANDB_LOGGING": "true"}),
    "pluto": ("pluto", KEY),
    "pluto, not signed in": ("pluto", {}),
    "off": ("dual", {"WANDB_COMPAT": "off"}),
}
HEAVY = os.environ.get("WANDB_COMPAT_FRAMEWORKS") == "all"
AVAILABLE = SCRIPTS / "available.py"
# The names that are asked of an installation in another layout.
ASKED = """
import importlib.metadata, importlib.util
assert importlib.util.find_spec("wandb")
assert importlib.metadata.version("wandb")
import wandb
assert wandb.run is None and wandb.__version__ == importlib.metadata.version("wandb")
with wandb.init(mode="offline", project="layouts") as run:
    run.log({"loss": 1})
print("MODE", wandb)
"""


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("group", [group for group in ("light", "torch") if HEAVY or group == "light"])
def test_every_check_says_yes(group: str, mode: str, wheel: Path) -> None:
    """No project's way of asking is answered with no."""
    assert group in GROUPS
    setting, variables = MODES[mode]
    out = environment(group, setting, wheel).run(str(AVAILABLE), seconds=600, **variables, HF_HUB_OFFLINE="1").stdout
    findings = json.loads(
        next(line for line in out.splitlines() if line.startswith("FINDINGS ")).removeprefix("FINDINGS ")
    )
    assert findings["refused"] == {}
    assert findings["checks"] > 14


@pytest.fixture(scope="module")
def ours(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with our wheel alone."""
    made = Environment(tmp_path_factory.mktemp("layouts") / "environment", wheel)
    made.create()
    made.install(OURS)
    return made


def test_uv_run(wheel: Path, tmp_path: Path) -> None:
    """`uv run --with wandb-compat` has it in front, as an installation has."""
    (tmp_path / "train.py").write_text(ASKED)
    line = [UV, "run", "--no-project", "--python", sys.executable, "--with", wheel, "train.py"]
    # uv's own cache and settings: only what concerns us is taken out of the environment.
    kept = {name: os.environ[name] for name in ("HOME", "XDG_DATA_HOME") if name in os.environ}
    done = subprocess.run(line, cwd=tmp_path, env=clean_environ(tmp_path, **kept), capture_output=True, text=True)
    assert done.returncode == 0 and "MODE <module 'wandb'" in done.stdout, done.stderr


def test_zipapp(ours: Environment, tmp_path: Path) -> None:
    """A zip app that runs with the environment's Python finds wandb there."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "__main__.py").write_text(ASKED)
    zipapp.create_archive(tmp_path / "app", tmp_path / "app.pyz")
    assert "MODE" in ours.run(str(tmp_path / "app.pyz")).stdout


def test_folder_on_the_path(wheel: Path, tmp_path: Path) -> None:
    """From a folder made by `pip install --target`, `wandb-compat run` puts it in front; its metadata come with it."""
    uv("pip", "install", "--quiet", "--python", sys.executable, "--target", tmp_path / "packages", wheel)
    (tmp_path / "train.py").write_text(f"import wandb{ASKED}")
    variables = {"PYTHONPATH": str(tmp_path / "packages"), "WANDB_MODE": "offline"}
    line = [sys.executable, "-S", "-m", "wandb_compat", "run", "--", sys.executable, "-S", "train.py"]
    done = subprocess.run(line, cwd=tmp_path, env=clean_environ(tmp_path, **variables), capture_output=True, text=True)
    assert done.returncode == 0 and "MODE" in done.stdout, done.stderr


def test_prefix_like_condas(wheel: Path, tmp_path: Path) -> None:
    """In a whole prefix with a separate interpreter, as conda makes it, the start-up file is read."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    stdlib = Path(sysconfig.get_paths()["stdlib"])
    home = tmp_path / "prefix" / "lib" / name
    (home / "site-packages").mkdir(parents=True)
    (tmp_path / "prefix" / "conda-meta").mkdir()
    for path in stdlib.iterdir():
        if path.name not in ("site-packages", "dist-packages"):
            (home / path.name).symlink_to(path)
    python = tmp_path / "prefix" / "bin" / name
    python.parent.mkdir()
    shutil.copy(Path(sys.executable).resolve(), python)
    shared = {"LD_LIBRARY_PATH": str(sysconfig.get_config_var("LIBDIR"))}
    uv("pip", "install", "--quiet", "--python", sys.executable, "--target", home / "site-packages", wheel)
    (tmp_path / "train.py").write_text(ASKED + "import sys; print(sys.prefix)")
    done = subprocess.run(
        [python, "train.py"], cwd=tmp_path, env=clean_environ(tmp_path, **shared), capture_output=True, text=True
    )
    assert done.returncode == 0 and "MODE" in done.stdout, done.stderr
    assert str(tmp_path / "prefix") in done.stdout


def _without_override() -> None:
    """Take from a process of root the right to write to read-only directories."""
    drop, override = 24, 1  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE
    ctypes.CDLL(None).prctl(drop, override, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="root may write everywhere, and is asked not to in Linux's way")
def test_packages_that_cannot_be_written(ours: Environment, tmp_path: Path) -> None:
    """Nothing is written beside the packages: an administrator's installation serves every user."""
    folder = tmp_path / "packages"
    shutil.copytree(ours.site, folder, ignore=shutil.ignore_patterns("__pycache__"))
    before = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    for path in (*folder.rglob("*"), folder):
        path.chmod(0o555 if path.is_dir() else 0o444)
    refused = f"""if True:
        try:
            open({str(folder / "new")!r}, "w")
        except PermissionError:
            import site; site.addsitedir({str(folder)!r})
        """
    done = subprocess.run(
        [sys.executable, "-S", "-c", refused + ASKED],
        cwd=tmp_path,
        env=clean_environ(tmp_path),
        preexec_fn=_without_override,
        capture_output=True,
        text=True,
    )
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    assert done.returncode == 0 and "MODE" in done.stdout, done.stderr
    assert sorted(path.relative_to(folder) for path in folder.rglob("*")) == before
