"""`wandb-compat shim --distribution` with pip and uv: the stand-in satisfies requirements, and gives way to wandb."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.helpers.environments import OURS, UV, Environment

OTHER_REAL = "wandb==0.30.*"  # not the version of the stand-in, which satisfies the requirement itself


def installer(environment: Environment, name: str, *words: str | Path, code: int = 0) -> str:
    """Run pip or uv in an environment and return its output."""
    line = (
        [environment.python, "-m", "pip", "--disable-pip-version-check", *words]
        if name == "pip"
        else [UV, "pip", words[0], "--python", environment.python, *words[1:]]
    )
    words_of_pip = [word for word in line if not (name == "uv" and word == "--yes")]
    done = subprocess.run(words_of_pip, capture_output=True, text=True, timeout=240)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def shim(environment: Environment, *options: str, code: int = 0) -> str:
    """Run `wandb-compat shim` and return its output."""
    done = environment.run("-m", "wandb_compat", "shim", *options, code=code)
    return done.stdout + done.stderr


def active(environment: Environment) -> tuple[str, str]:
    """Return which `wandb` is imported, and the version that programs find: that of the API, which they compare."""
    found = environment.evaluate(
        "import importlib.metadata, wandb\n"
        "result['file'] = wandb.sdk.__file__\n"
        "result['version'] = importlib.metadata.version('wandb')",
        DISABLE_WANDB_LOGGING="",
    )
    return ("ours" if "dropin" in found["file"] else "real"), found["version"]


def command(environment: Environment) -> str:
    """Return what the command `wandb` says about its version."""
    script = environment.python.with_name("wandb")
    return subprocess.run([script, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package that requires wandb."""
    folder = tmp_path / "needs_wandb"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "build"\nbackend-path = ["."]\n'
        '[project]\nname = "needs-wandb"\nversion = "1"\ndependencies = ["wandb>=0.18"]\n'
    )
    (folder / "build.py").write_text(
        "import zipfile\n"
        "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        "    name = 'needs_wandb-1-py3-none-any.whl'\n"
        "    with zipfile.ZipFile(f'{folder}/{name}', 'w') as wheel:\n"
        "        wheel.writestr('needs_wandb-1.dist-info/METADATA',\n"
        "            'Metadata-Version: 2.1\\nName: needs-wandb\\nVersion: 1\\nRequires-Dist: wandb>=0.18\\n')\n"
        "        wheel.writestr('needs_wandb-1.dist-info/WHEEL',\n"
        "            'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n"
        "        wheel.writestr('needs_wandb-1.dist-info/RECORD', '')\n"
        "    return name\n"
    )
    return folder


@pytest.mark.parametrize("name", ["pip", "uv"])
def test_the_stand_in_comes_and_goes(fresh_environment: Environment, name: str, package: Path) -> None:
    """It satisfies what requires wandb and `pip check`; removed, nothing of it is left; the real one replaces it."""
    environment = fresh_environment
    environment.install(OURS)
    before = {path.name for path in environment.site.iterdir()}
    shim(environment, "--distribution")
    assert active(environment) == ("ours", "0.31.0")
    installer(environment, name, "install", "--no-index", package)
    assert not (environment.site / "wandb").exists()
    installer(environment, name, "check")
    assert command(environment).startswith("wandb, version 0.31.0")
    assert environment.damaged("wandb") == []
    assert "the real wandb is not installed" in environment.run("-m", "wandb_compat", "doctor", code=None).stdout

    shim(environment, "--distribution")  # a second time
    assert environment.damaged("wandb") == []
    installer(environment, name, "uninstall", "--yes", "needs-wandb")
    shim(environment, "--remove")
    assert {path.name for path in environment.site.iterdir()} == before
    assert not environment.python.with_name("wandb").exists()

    shim(environment, "--distribution")
    installer(environment, name, "uninstall", "--yes", "wandb")  # as any distribution
    assert {path.name for path in environment.site.iterdir()} == before
    assert not environment.python.with_name("wandb").exists()

    shim(environment, "--distribution")
    installer(environment, name, "install", OTHER_REAL)
    assert environment.damaged("wandb") == []
    assert active(environment)[0] == "real" and "0.30" in command(environment)
    assert len(list(environment.site.glob("wandb-*.dist-info"))) == 1
    for options in (("--distribution",), (), ("--remove",)):  # refused beside the real one
        assert "pip uninstall wandb" in shim(environment, *options, code=1)
    assert environment.damaged("wandb") == []

    installer(environment, name, "uninstall", "--yes", "wandb")
    shim(environment, "--distribution")
    assert active(environment) == ("ours", "0.31.0")


@pytest.mark.parametrize("name", ["pip", "uv"])
def test_the_wheel_is_installed_from_an_index(
    fresh_environment: Environment, name: str, package: Path, tmp_path: Path
) -> None:
    """`--wheel` changes nothing here; the wheel satisfies a resolver that finds it, and brings the command `wandb`."""
    environment = fresh_environment
    environment.install(OURS)
    before = {path.name for path in environment.site.iterdir()}
    assert "is written" in shim(environment, "--wheel", str(tmp_path / "index"))
    assert {path.name for path in environment.site.iterdir()} == before
    installer(environment, name, "install", "--no-index", "--find-links", tmp_path / "index", package)
    installer(environment, name, "check")
    assert active(environment) == ("ours", "0.31.0")
    assert "0.31.0" in command(environment)
    shim(environment, "--remove")
    assert not list(environment.site.glob("wandb-*.dist-info")) and active(environment)[0] == "ours"
