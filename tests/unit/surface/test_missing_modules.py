"""Modules that wandb has or had and that are not here: importing one says what to use instead."""

import importlib.util
import sys

import pytest

import wandb
from wandb._native import missing_modules

# Imports of public projects, and words of the advice.
IMPORTS = {
    "from wandb.proto.wandb_internal_pb2 import Record": "background service of the real wandb",
    "import wandb.proto.wandb_api_pb2": "background service of the real wandb",
    "from wandb.sdk.lib import retry": "use the public names of `wandb`",
    "from wandb.sdk.lib import capped_dict, proto_util": "use the public names of `wandb`",
    "from wandb.sdk.data_types._private import MEDIA_TMP": "use the public names of `wandb`",
    "from wandb.apis.public import service_api": "use the public names of `wandb`",
    "from wandb.sdk.launch import sweeps": "your own scheduler",
    "from wandb.sdk.launch._launch_add import launch_add": "your own scheduler",
    "from wandb.sdk.interface.interface import InterfaceBase": "background service of the real wandb",
    "from wandb.sdk import mailbox": "background service of the real wandb",
    "from wandb.old.settings import Settings": "`wandb.Settings`",
    "from wandb.old.summary import Summary": "`run.summary`",
    "from wandb.sdk.wandb_artifacts import Artifact": "use `wandb.Artifact`",
    "from wandb.sdk.interface.artifacts import Artifact": "use `wandb.Artifact`",
    "from wandb.sdk.integration_utils.data_logging import ValidationDataLogger": "log a `wandb.Table`",
    "from wandb.sdk.lib import git": "wandb.sdk.lib.gitlib",
    "from wandb.beta.workflows import log_model": "run.log_artifact",
    "from wandb_gql import gql": "use `wandb.Api`",
    "from wandb import magic": "call `run.log` yourself",
    "from wandb.sync import SyncManager": "wandb-compat sync",
    "from wandb.vendor.pynvml import pynvml": "install and import that package itself",
    "from wandb.sdk.wandb_watch_never import watch": "use the public names of `wandb`",
    "from wandb.history import History": "use `run.log`",
}


@pytest.mark.parametrize("statement", IMPORTS)
def test_the_import_error_names_the_way_out(statement: str) -> None:
    """It is an ImportError, which scripts catch, and says what to use."""
    with pytest.raises(ImportError, match=r"is not available with Pluto: ") as caught:
        exec(statement, {})
    assert IMPORTS[statement] in str(caught.value)


def test_looking_for_a_module_finds_nothing() -> None:
    """Feature detection goes on: no spec, no attribute, no exception; other packages are left alone."""
    assert importlib.util.find_spec("wandb.sdk.lib.retry") is None
    assert importlib.util.find_spec("wandb_gql") is None
    assert not hasattr(wandb, "magic") and not hasattr(wandb.sdk.lib, "retry")
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'not_installed_at_all'$"):
        importlib.import_module("not_installed_at_all")


def test_the_finder_is_registered_once() -> None:
    """Reloading does not add another, and importing wandb does not remove those of others."""
    missing_modules.install()
    assert [type(finder).__name__ for finder in sys.meta_path].count("MissingModules") == 1
    assert type(sys.meta_path[-1]).__name__ == "MissingModules" or len(sys.meta_path) > 1
