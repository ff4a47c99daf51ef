"""The wheel can be installed beside the real wandb in any order, and is uninstalled completely."""

import zipfile
from pathlib import Path

import pytest

from tests.helpers.environments import OURS, REAL, ROOT, Environment, Environments, uv

VERSIONS = """
import importlib.metadata as metadata
result["listed"] = sorted(d.name for d in metadata.distributions() if d.name.startswith("wandb"))
result["version"] = metadata.version("wandb")
result["name"] = metadata.metadata("wandb")["Name"]
import wandb
result["module"] = wandb.__version__
result["file"] = wandb.__file__
"""


def test_wheel_owns_no_file_of_wandb(wheel: Path) -> None:
    """The wheel contains wandb_compat, the drop-in inside it, the start-up files and the licence, and no `wandb`."""
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {
        *("wandb_compat", "wandb_compat.pth", "wandb_compat.start")
    }
    assert {
        "wandb_compat.pth",
        "wandb_compat.start",
        "wandb_compat/dropin/wandb/__init__.py",
        "wandb_compat/startup.py",
    } <= {*names}
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "/run-" in name or "__pycache__" in name]


def test_alone(environment: Environments) -> None:
    """Without a real wandb, `wandb` is ours and has a version when asked by name, but is not listed."""
    env = environment(OURS)
    result = env.evaluate(VERSIONS)
    assert result["listed"] == ["wandb-compat"]
    assert result["version"] == result["module"]
    assert result["name"] == "wandb"
    assert Path(result["file"]).parent == env.dropin / "wandb"
    listed = env.run("-m", "pip", "list").stdout
    assert "wandb-compat" in listed
    assert "wandb " not in listed.replace("wandb-compat", "")
    env.run("-m", "pip", "check")


def test_metadata_for_a_name_only(environment: Environments) -> None:
    """A listing of a directory shows only what is installed there, and our distribution names no files."""
    result = environment(OURS).evaluate("""
        import importlib.metadata as metadata
        import sys
        result["in a folder"] = [d.name for d in metadata.distributions(name="wandb", path=list(sys.path))]
        result["files"] = metadata.files("wandb")
        result["requires"] = metadata.requires("wandb")
        result["by name"] = [d.version for d in metadata.distributions(name="WandB")]
    """)
    assert result == {"in a folder": [], "files": None, "requires": None, "by name": ["0.31.0"]}


@pytest.mark.parametrize(
    ("order", "tool"), [((OURS, REAL), "pip"), ((REAL, OURS), "uv")], ids=["before the real one", "after the real one"]
)
@pytest.mark.parametrize("leaving", ["wandb", "wandb-compat"])
def test_beside_the_real_one(fresh_environment: Environment, order: tuple[str, str], tool: str, leaving: str) -> None:
    """Installed in either order both are whole, and when one leaves the other still is, and works."""
    env = fresh_environment

    def check() -> None:
        if tool == "pip":
            env.run("-m", "pip", "check")
        else:
            uv("pip", "check", "--python", env.python)

    env.install(*order)
    assert env.damaged("wandb") == env.damaged("wandb_compat") == []
    check()
    result = env.evaluate(VERSIONS)
    assert result["listed"] == ["wandb", "wandb-compat"]
    assert result["version"] == result["module"]
    assert Path(result["file"]).parent == env.site / "wandb"

    if tool == "pip":
        env.run("-m", "pip", "uninstall", "--yes", leaving)
    else:
        uv("pip", "uninstall", "--python", env.python, leaving)
    check()
    result = env.evaluate(VERSIONS)
    if leaving == "wandb":
        assert env.damaged("wandb_compat") == []
        assert result["listed"] == ["wandb-compat"]
        assert Path(result["file"]).parent == env.dropin / "wandb"
    else:
        assert env.damaged("wandb") == []
        assert result["listed"] == ["wandb"]
        assert Path(result["file"]).parent == env.site / "wandb"
        assert not list(env.site.glob("wandb_compat*"))


def test_editable_install(fresh_environment: Environment) -> None:
    """An editable install works from the checkout, and copies nothing of it."""
    env = fresh_environment
    uv("pip", "install", "--quiet", "--python", env.python, "--editable", ROOT)
    result = env.evaluate(VERSIONS)
    assert Path(result["file"]) == ROOT / "wandb" / "__init__.py"
    assert result["version"] == result["module"]
    assert not (env.site / "wandb_compat").exists()
    assert (env.site / "wandb_compat.pth").exists()
    env.install(REAL)
    assert Path(env.evaluate(VERSIONS)["file"]).parent == env.site / "wandb"
