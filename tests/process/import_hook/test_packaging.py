"""The wheel lies beside the real wandb in any order of installing, and leaves without a trace."""

import zipfile
from pathlib import Path

import pytest

from tests.helpers.environments import OURS, REAL, ROOT, Environment, Environments, uv

VERSIONS = """
import importlib.metadata as metadata
told["listed"] = sorted(d.name for d in metadata.distributions() if d.name.startswith("wandb"))
told["version"] = metadata.version("wandb")
told["name"] = metadata.metadata("wandb")["Name"]
import wandb
told["module"] = wandb.__version__
told["file"] = wandb.__file__
"""


def test_wheel_owns_no_file_of_wandb(wheel: Path) -> None:
    """The wheel holds the engine with the drop-in inside, the start-up file and the licence, and no folder `wandb`."""
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"wandb_compat", "wandb_compat.pth"}
    assert {"wandb_compat.pth", "wandb_compat/dropin/wandb/__init__.py", "wandb_compat/startup.py"} <= {*names}
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "/run-" in name or "__pycache__" in name]


def test_alone(environment: Environments) -> None:
    """Without a real wandb, `wandb` is ours, has a version for whoever asks by name, and is in no listing."""
    env = environment(OURS)
    told = env.tell(VERSIONS)
    assert told["listed"] == ["wandb-compat"]
    assert told["version"] == told["module"]
    assert told["name"] == "wandb"
    assert Path(told["file"]).parent == env.dropin / "wandb"
    listed = env.run("-m", "pip", "list").stdout
    assert "wandb-compat" in listed
    assert "wandb " not in listed.replace("wandb-compat", "")
    env.run("-m", "pip", "check")


def test_metadata_for_a_name_only(environment: Environments) -> None:
    """A folder that is searched for distributions is told the truth, and so is who asks for the files of ours."""
    told = environment(OURS).tell("""
        import importlib.metadata as metadata
        import sys
        told["in a folder"] = [d.name for d in metadata.distributions(name="wandb", path=list(sys.path))]
        told["files"] = metadata.files("wandb")
        told["requires"] = metadata.requires("wandb")
        told["by name"] = [d.version for d in metadata.distributions(name="WandB")]
    """)
    assert told == {"in a folder": [], "files": None, "requires": None, "by name": ["0.31.0"]}


@pytest.mark.parametrize(
    ("order", "tool"), [((OURS, REAL), "pip"), ((REAL, OURS), "uv")], ids=["before the real one", "after the real one"]
)
@pytest.mark.parametrize("leaving", ["wandb", "wandb-compat"])
def test_beside_the_real_one(fresh_environment: Environment, order: tuple[str, str], tool: str, leaving: str) -> None:
    """Installed in either order both are whole, and when one leaves the other still is, and works."""
    env = fresh_environment
    env.install(*order)
    assert env.damaged("wandb") == env.damaged("wandb_compat") == []
    env.run("-m", "pip", "check")
    told = env.tell(VERSIONS)
    assert told["listed"] == ["wandb", "wandb-compat"]
    assert told["version"] == told["module"]
    assert Path(told["file"]).parent == env.site / "wandb"

    if tool == "pip":
        env.run("-m", "pip", "uninstall", "--yes", leaving)
    else:
        uv("pip", "uninstall", "--python", env.python, leaving)
    env.run("-m", "pip", "check")
    told = env.tell(VERSIONS)
    if leaving == "wandb":
        assert env.damaged("wandb_compat") == []
        assert told["listed"] == ["wandb-compat"]
        assert Path(told["file"]).parent == env.dropin / "wandb"
    else:
        assert env.damaged("wandb") == []
        assert told["listed"] == ["wandb"]
        assert Path(told["file"]).parent == env.site / "wandb"
        assert not list(env.site.glob("wandb_compat*"))


def test_editable_install(fresh_environment: Environment) -> None:
    """An editable install works from the checkout, and copies nothing of it."""
    env = fresh_environment
    uv("pip", "install", "--quiet", "--python", env.python, "--editable", ROOT)
    told = env.tell(VERSIONS)
    assert Path(told["file"]) == ROOT / "wandb" / "__init__.py"
    assert told["version"] == told["module"]
    assert not (env.site / "wandb_compat").exists()
    assert (env.site / "wandb_compat.pth").exists()
    env.install(REAL)
    assert Path(env.tell(VERSIONS)["file"]).parent == env.site / "wandb"
