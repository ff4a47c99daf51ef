"""Asks for wandb in each way in which projects do, and prints as JSON which of them say that it is not there."""

import importlib
import importlib.metadata
import importlib.util
import json
import re
import sys

checks = {}


def check(function):
    """Keep a check under the words of its docstring."""
    checks[function.__doc__.rstrip(".")] = function
    return function


@check
def spec():
    """find_spec, before any import."""
    assert importlib.util.find_spec("wandb") is not None


@check
def metadata():
    """importlib.metadata.metadata."""
    assert importlib.metadata.metadata("wandb")["Name"] == "wandb"


@check
def version():
    """importlib.metadata.version begins with three integers."""
    assert re.match(r"^\d+\.\d+\.\d+", importlib.metadata.version("wandb"))


@check
def imported():
    """import, with nothing begun."""
    import wandb

    assert sys.modules["wandb"] is wandb and wandb.run is None and wandb.__spec__ is not None


@check
def spec_afterwards():
    """find_spec, after the import."""
    assert importlib.util.find_spec("wandb").name == "wandb"


@check
def attribute():
    """__version__ agrees with the metadata and is new enough."""
    import wandb

    assert wandb.__version__ == importlib.metadata.version("wandb")
    assert tuple(map(int, wandb.__version__.split(".")[:3])) >= (0, 13, 6)


@check
def requirement():
    """lightning_utilities' RequirementCache."""
    from lightning_utilities.core.imports import RequirementCache

    assert RequirementCache("wandb>=0.12.10") and RequirementCache("wandb")


@check
def login():
    """api.api_key and ensure_configured, without a question."""
    import wandb

    wandb.ensure_configured()
    assert wandb.api.api_key is None or wandb.api.api_key


@check
def deep():
    """What Ray imports."""
    from wandb.sdk.data_types.base_types.wb_value import WBValue
    from wandb.sdk.data_types.image import Image
    from wandb.sdk.data_types.video import Video
    from wandb.util import json_dumps_safer
    from wandb.wandb_run import Run

    assert issubclass(Image, WBValue) and issubclass(Video, WBValue) and callable(json_dumps_safer) and Run


@check
def probes():
    """Names that are asked for with hasattr."""
    import wandb

    assert wandb.define_metric and hasattr(wandb, "_attach") and hasattr(wandb, "ensure_configured")
    assert hasattr(wandb.Run, "log_code") and hasattr(wandb.Run, "define_metric")


@check
def lazily():
    """By importlib.import_module, from another thread."""
    import threading

    found = []
    thread = threading.Thread(target=lambda: found.append(importlib.import_module("wandb")))
    thread.start()
    thread.join()
    assert found == [sys.modules["wandb"]]


@check
def transformers():
    """transformers.is_wandb_available."""
    if importlib.util.find_spec("transformers"):
        from transformers.integrations.integration_utils import get_available_reporting_integrations, is_wandb_available

        assert is_wandb_available() and "wandb" in get_available_reporting_integrations()


@check
def accelerate():
    """accelerate.utils.is_wandb_available."""
    if importlib.util.find_spec("accelerate"):
        from accelerate.utils import is_wandb_available

        assert is_wandb_available()


@check
def diffusers():
    """diffusers.utils.is_wandb_available."""
    if importlib.util.find_spec("diffusers"):
        from diffusers.utils import is_wandb_available

        assert is_wandb_available()


@check
def lightning():
    """Lightning's own flag, and the constructor of its logger."""
    if importlib.util.find_spec("lightning"):
        from lightning.pytorch.loggers import WandbLogger
        from lightning.pytorch.loggers.wandb import _WANDB_AVAILABLE

        assert _WANDB_AVAILABLE and WandbLogger(offline=True)


@check
def blocked():
    """A user who blocks wandb in sys.modules is served too."""
    kept = sys.modules["wandb"]
    sys.modules["wandb"] = None
    try:
        import wandb  # noqa: F401
    except ImportError:
        pass
    else:
        raise AssertionError("wandb could be imported")
    finally:
        sys.modules["wandb"] = kept


refused = {}
for words, function in checks.items():
    try:
        function()
    except BaseException as error:
        refused[words] = repr(error)
print("FINDINGS", json.dumps({"checks": len(checks), "refused": refused}))
